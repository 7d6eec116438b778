/* What the stand-ins ask of the service manager and the registry. Wine's service manager lists no dependents, so they are
   read where they are kept: DependOnService of every service. */
#include <windows.h>
#include <stdio.h>
#include <string.h>

#define SERVICES "SYSTEM\\CurrentControlSet\\Services\\"
#define NAME 64
#define MANY 64

static DWORD reg_number(const char *key, const char *name, DWORD otherwise)
{
    DWORD value, size = sizeof value;
    return RegGetValueA(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD, NULL, &value, &size) ? otherwise : value;
}

/* Whether a service is one of ours. */
static int stand_in(const char *name)
{
    char key[256];
    snprintf(key, sizeof key, SERVICES "%s\\Parameters", name);
    return reg_number(key, "StartMs", 0xFFFFFFFF) != 0xFFFFFFFF;
}

static DWORD state_of(const char *name)
{
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceA(manager, name, SERVICE_QUERY_STATUS);
    SERVICE_STATUS_PROCESS status = {0};
    DWORD size;
    if (service) QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status, &size);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return status.dwCurrentState;
}

/* Whether the service reaches the state before the time is over. */
static int becomes(const char *name, DWORD state, DWORD milliseconds)
{
    DWORD begin = GetTickCount();
    while (state_of(name) != state) {
        if (GetTickCount() - begin > milliseconds) return 0;
        Sleep(20);
    }
    return 1;
}

/* The names in a REG_MULTI_SZ of a service's key. */
static int needs(const char *name, char list[][NAME])
{
    char key[256], text[4096] = "", *at;
    DWORD size = sizeof text;
    int count = 0;
    snprintf(key, sizeof key, SERVICES "%s", name);
    if (RegGetValueA(HKEY_LOCAL_MACHINE, key, "DependOnService", RRF_RT_REG_MULTI_SZ, NULL, text, &size)) return 0;
    for (at = text; *at && count < MANY; at += strlen(at) + 1) snprintf(list[count++], NAME, "%s", at);
    return count;
}

/* Services that are not stopped and need this one. */
static int dependents(const char *name, char list[][NAME])
{
    char other[256], needed[MANY][NAME];
    DWORD index, size;
    int count = 0, i, n;
    HKEY services;
    if (RegOpenKeyA(HKEY_LOCAL_MACHINE, "SYSTEM\\CurrentControlSet\\Services", &services)) return 0;
    for (index = 0; size = sizeof other, !RegEnumKeyExA(services, index, other, &size, NULL, NULL, NULL, NULL); index++) {
        for (n = needs(other, needed), i = 0; i < n && count < MANY; i++) {
            if (_stricmp(needed[i], name) || state_of(other) <= SERVICE_STOPPED) continue;
            snprintf(list[count++], NAME, "%s", other);
        }
    }
    RegCloseKey(services);
    return count;
}

/* 0, or the Win32 error; one start at a time is let through by the service manager. */
static DWORD ask_start(const char *name)
{
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceA(manager, name, SERVICE_START);
    DWORD error = service ? 0 : GetLastError(), tries = 0;
    while (service && !StartServiceA(service, 0, NULL)) {
        error = GetLastError();
        if (error != ERROR_SERVICE_DATABASE_LOCKED || ++tries > 500) break;
        Sleep(20);
        error = 0;
    }
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return error == ERROR_SERVICE_ALREADY_RUNNING ? 0 : error;
}
