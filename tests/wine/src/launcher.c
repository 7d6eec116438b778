/* Runs cmd.exe with the command line an SSH client sent, untouched: Wine's own way from Unix puts a backslash before each
   quote. The line comes in REMEDIATE_COMMAND; without it the launcher brings the prefix up and keeps it alive. */
#include "scm.h"
#include <wchar.h>

static WCHAR line[32768];

/* Waits for the stand-ins that start by themselves, then says so in a file. */
static int keep(void)
{
    char name[NAME], key[256];
    DWORD index, size;
    HKEY services;
    GetDesktopWindow();
    if (RegOpenKeyA(HKEY_LOCAL_MACHINE, "SYSTEM\\CurrentControlSet\\Services", &services)) return 1;
    for (index = 0; size = sizeof name, !RegEnumKeyExA(services, index, name, &size, NULL, NULL, NULL, NULL); index++) {
        snprintf(key, sizeof key, SERVICES "%s", name);
        if (stand_in(name) && reg_number(key, "Start", 3) == SERVICE_AUTO_START) becomes(name, SERVICE_RUNNING, 30000);
    }
    CloseHandle(CreateFileW(L"C:\\ready.txt", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL));
    Sleep(INFINITE);
    return 0;
}

int wmain(void)
{
    PROCESS_INFORMATION process;
    STARTUPINFOW start = {.cb = sizeof start};
    DWORD code = 1;
    size_t head;

    wcscpy(line, L"cmd.exe /c ");
    head = wcslen(line);
    if (!GetEnvironmentVariableW(L"REMEDIATE_COMMAND", line + head, (DWORD)(32000 - head))) return keep();
    SetEnvironmentVariableW(L"REMEDIATE_COMMAND", NULL);
    SetEnvironmentVariableW(L"SSH_ORIGINAL_COMMAND", NULL);
    start.dwFlags = STARTF_USESTDHANDLES;
    start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) return 9009;
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return (int)code;
}
