/* Stands for Microsoft's package installer, update.exe: what it takes, does, leaves and says is in package.h's lines.
   Named spuninst.exe it takes the package off again. What goes wrong is a matter of the host: HKLM\SOFTWARE\RemediateLab
   (ExitCode, Extended, Hangs, Milliseconds). */
#include "scm.h"
#include "package.h"
#include <stdarg.h>
#include <time.h>

#define FAULTS "SOFTWARE\\RemediateLab"
#define SETUP "SOFTWARE\\Microsoft\\Exchange\\Setup"
#define REMOVALS "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\KB"

static char windows[MAX_PATH], bin[MAX_PATH], backup[MAX_PATH], log_path[MAX_PATH];
static char ran[MANY][NAME];
static int ran_count, removes;
static DWORD begun;

static void say(const char *format, ...)
{
    FILE *out = fopen(log_path, "ab");
    va_list values;
    if (!out) return;
    fprintf(out, "%.3f: ", (GetTickCount() - begun) / 1000.0);
    va_start(values, format);
    vfprintf(out, format, values);
    va_end(values);
    fputs("\r\n", out);
    fclose(out);
}

static void begin_log(const char *line)
{
    SYSTEMTIME t;
    FILE *out = fopen(log_path, "ab");
    GetLocalTime(&t);
    if (!out) return;
    fprintf(out, "[%s]\r\n%04d/%02d/%02d %02d:%02d:%02d (local)\r\n%s\r\n", word("log"), t.wYear, t.wMonth, t.wDay, t.wHour,
            t.wMinute, t.wSecond, self);
    fprintf(out, "%s started with following command line: %s\r\n", removes ? "Uninstall" : "Hotfix", line);
    fclose(out);
}

static int failed(const char *message, DWORD extended)
{
    say("KB%s Setup encountered an error:  %s", word("kb"), message);
    say("KB%s %s did not complete.", word("kb"), removes ? "removal" : "installation");
    say("Update.exe extended error code = 0x%lx", extended);
    say("Update.exe return code was masked to 0x643 for MSI custom action compliance.");
    return 1603;
}

/* 1 when the switches are known; a package without /q or /quiet would ask, and nobody sees it. */
static int switches(int count, char **words, int *quiet)
{
    static const char *old[] = {"/u", "/f", "/n", "/o", "/z", "/q", "/l", "/?", NULL};
    static const char *new[] = {"/quiet", "/passive", "/norestart", "/forcerestart", "/nobackup", "/help", NULL};
    int i, j, known;
    for (i = 1; i < count; i++) {
        for (j = known = 0; old[j]; j++) known |= !_stricmp(words[i], old[j]);
        for (j = 0; new[j] && !strcmp(word("switches"), "new"); j++) known |= !_stricmp(words[i], new[j]);
        if (!strncmp(words[i], "/log:", 5) && !strcmp(word("switches"), "new")) known = 1;
        if (!known) return 0;
        *quiet |= !_stricmp(words[i], "/q") || !_stricmp(words[i], "/quiet");
    }
    return 1;
}

static int find_places(void)
{
    DWORD size = sizeof bin - 5;
    GetWindowsDirectoryA(windows, sizeof windows);
    snprintf(log_path, sizeof log_path, "%.100s\\%s", windows, word("log"));
    snprintf(backup, sizeof backup, "%.100s\\%s", windows, word("folder"));
    if (RegGetValueA(HKEY_LOCAL_MACHINE, SETUP, "Services", RRF_RT_REG_SZ, NULL, bin, &size)) return 0;
    strcat(bin, "\\bin");
    return 1;
}

/* NULL when the package fits this server, else why it does not. */
static const char *unfit(void)
{
    char store[MAX_PATH + 16], language[16] = "0409";
    unsigned found[4], least[4], below[4];
    DWORD size = sizeof language;
    if (removes) return GetFileAttributesA(backup) == INVALID_FILE_ATTRIBUTES ? "Setup cannot find the files needed to remove this update." : NULL;
    RegGetValueA(HKEY_LOCAL_MACHINE, "SYSTEM\\CurrentControlSet\\Control\\Nls\\Language", "InstallLanguage", RRF_RT_REG_SZ, NULL, language, &size);
    if (strtol(language, NULL, 16) != atol(word("language"))) return "Setup cannot update your files because the language installed on your system is different from the update language.";
    snprintf(store, sizeof store, "%s\\store.exe", bin);
    parse_version(word("at_least"), least);
    parse_version(word("below"), below);
    if (version_of(store, found) || found[0] != least[0] || found[1] != least[1]) return "Setup cannot find a version of Exchange that this update applies to.";
    if (compare(found, below) >= 0) return "Setup has detected that the Service Pack version of this system is newer than the update you are applying. There is no need to install this update.";
    if (compare(found, least) < 0) return "The version of Exchange you have installed does not match the update you are trying to install.";
    return NULL;
}

/* Stops a service after everything that needs it, and remembers what ran. */
static int stop_service(const char *name)
{
    char list[MANY][NAME];
    SERVICE_STATUS status;
    SC_HANDLE manager, service;
    int i, n = dependents(name, list);
    for (i = 0; i < n; i++) if (!stop_service(list[i])) return 0;
    if (state_of(name) <= SERVICE_STOPPED) return 1;
    if (ran_count < MANY) snprintf(ran[ran_count++], NAME, "%s", name);
    say("Stopping service %s", name);
    manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
    service = OpenServiceA(manager, name, SERVICE_STOP);
    ControlService(service, SERVICE_CONTROL_STOP, &status);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return becomes(name, SERVICE_STOPPED, 60000);
}

static int stop_services(void)
{
    char names[512], *name;
    snprintf(names, sizeof names, "%s", word("services"));
    for (name = strtok(names, ","); name; name = strtok(NULL, ",")) if (!stop_service(name)) return 0;
    return 1;
}

static void start_services(void)
{
    DWORD error;
    while (ran_count--) {
        say("Starting service %s", ran[ran_count]);
        error = ask_start(ran[ran_count]);
        if (error || !becomes(ran[ran_count], SERVICE_RUNNING, 20000)) say("Service %s did not start: %lu", ran[ran_count], error);
    }
}

static int write_file(const char *path, const struct file *f)
{
    FILETIME time = {(DWORD)f->time, (DWORD)(f->time >> 32)};
    LARGE_INTEGER size;
    DWORD written;
    HANDLE out = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    int done;
    size.QuadPart = (LONGLONG)f->size;
    if (out == INVALID_HANDLE_VALUE) return 0;
    done = WriteFile(out, package_data + f->offset, (DWORD)f->length, &written, NULL) && written == f->length &&
        SetFilePointerEx(out, size, NULL, FILE_BEGIN) && SetEndOfFile(out) && SetFileTime(out, NULL, NULL, &time);
    CloseHandle(out);
    return done;
}

static void keep_backup(void)
{
    char path[MAX_PATH + 32];
    if (!*word("folder")) return;
    CreateDirectoryA(backup, NULL);
    SetFileAttributesA(backup, FILE_ATTRIBUTE_HIDDEN);
    snprintf(path, sizeof path, "%s\\spuninst", backup);
    CreateDirectoryA(path, NULL);
    strcat(path, "\\spuninst.exe");
    CopyFileA(self, path, FALSE);
}

static int replace_files(void)
{
    char target[MAX_PATH + 64], saved[MAX_PATH + 64];
    unsigned there[4], ours[4];
    int i;
    keep_backup();
    for (i = 0; i < file_count; i++) {
        snprintf(target, sizeof target, "%s\\%s", bin, files[i].name);
        snprintf(saved, sizeof saved, "%s\\%s", backup, files[i].name);
        parse_version(files[i].version, ours);
        if (!version_of(target, there) && compare(there, ours) > 0) {
            say("%s is newer, left as it is", target);
            continue;
        }
        if (*word("folder")) CopyFileA(target, saved, TRUE);
        if (!write_file(target, &files[i])) return 0;
        say("Copied file:  %s", target);
    }
    return 1;
}

static int restore_files(void)
{
    char target[MAX_PATH + 64], saved[MAX_PATH + 64];
    int i;
    for (i = 0; i < file_count; i++) {
        snprintf(target, sizeof target, "%s\\%s", bin, files[i].name);
        snprintf(saved, sizeof saved, "%s\\%s", backup, files[i].name);
        if (GetFileAttributesA(saved) == INVALID_FILE_ATTRIBUTES) continue;
        if (!CopyFileA(saved, target, FALSE)) return 0;
        DeleteFileA(saved);
        say("Restored file:  %s", target);
    }
    return 1;
}

static void set_text(const char *key, const char *name, const char *value)
{
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, key, name, REG_SZ, value, (DWORD)strlen(value) + 1);
}

static void set_number(const char *key, const char *name, const char *value)
{
    DWORD number = (DWORD)atol(value);
    if (*value) RegSetKeyValueA(HKEY_LOCAL_MACHINE, key, name, REG_DWORD, &number, sizeof number);
}

static void registered(void)
{
    char text[MAX_PATH + 64];
    char user[256] = "SYSTEM";
    DWORD size = sizeof user;
    SYSTEMTIME t;
    GetLocalTime(&t);
    if (*word("key")) {
        GetUserNameA(user, &size);
        snprintf(text, sizeof text, "%d/%d/%d", t.wMonth, t.wDay, t.wYear);
        set_text(word("key"), "Description", word("title"));
        set_text(word("key"), "InstalledBy", user);
        set_text(word("key"), "InstalledDate", text);
        set_text(word("key"), "PackageVersion", word("provides"));
        set_text(word("key"), "Type", "Update");
    }
    set_number(SETUP, "ServicePackNumber", word("service_pack"));
    set_number(SETUP, "ServicePackBuild", word("build"));
    set_number(SETUP, "NewestBuild", word("build"));
    if (*word("folder")) {
        char key[256];
        snprintf(key, sizeof key, REMOVALS "%s", word("kb"));
        snprintf(text, sizeof text, "%s\\spuninst\\spuninst.exe", backup);
        set_text(key, "UninstallString", text);
    }
}

/* The running program cannot be deleted: it is moved away and goes with the next start of Windows. */
static void unregistered(void)
{
    char key[256], path[MAX_PATH + 32];
    snprintf(key, sizeof key, REMOVALS "%s", word("kb"));
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, key);
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, word("key"));
    snprintf(path, sizeof path, "%.100s\\Temp\\spuninst%lu.tmp", windows, GetCurrentProcessId());
    if (MoveFileA(self, path)) MoveFileExA(path, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
    snprintf(path, sizeof path, "%s\\spuninst", backup);
    RemoveDirectoryA(path);
    RemoveDirectoryA(backup);
}

static int install(void)
{
    const char *reason = unfit();
    DWORD code = reg_number(FAULTS, "ExitCode", 0);
    int done = 1;
    if (reason) return failed(reason, 0xF0A2);
    if (!stop_services()) return failed("Setup cannot stop a service.", 0xF0A4);
    if (reg_number(FAULTS, "Hangs", 0)) Sleep(INFINITE);
    Sleep(reg_number(FAULTS, "Milliseconds", (DWORD)atol(word("milliseconds"))));
    if (!code || code == 3010) done = removes ? restore_files() : replace_files();
    if (done && (!code || code == 3010)) removes ? unregistered() : registered();
    start_services();
    if (!done) return failed("Setup cannot replace a file that is in use.", ERROR_SHARING_VIOLATION);
    if (code == 1603) return failed("The installation was told to fail.", reg_number(FAULTS, "Extended", 0xF01E));
    say("Update.exe return code = %lu", code);
    say("KB%s %s", word("kb"), code && code != 3010 ? "did not complete." : removes ? "removed." : "Setup completed.");
    return (int)code;
}

int main(int count, char **words)
{
    int quiet = 0;
    begun = GetTickCount();
    if (!read_package()) return 193;
    removes = strlen(self) > 12 && !_stricmp(self + strlen(self) - 12, "spuninst.exe");
    if (!find_places()) return 1603;
    if (!switches(count, words, &quiet)) return 87;
    begin_log(GetCommandLineA());
    if (!quiet) Sleep(INFINITE);
    return install();
}
