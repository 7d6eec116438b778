/* Stands for any Win32 service. Its Parameters key says how long it takes (StartMs, StopMs) and how often it can still be
   started (StartsLeft, unlimited when missing). It sees to its dependencies itself: Wine's service manager does not. */
#include "scm.h"

static SERVICE_STATUS_HANDLE handle;
static SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS};
static HANDLE stop;
static char own[NAME], parameters[256];

static void report(DWORD state, DWORD error)
{
    status.dwCurrentState = state;
    status.dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0;
    status.dwWin32ExitCode = error;
    status.dwWaitHint = 30000;
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *context)
{
    char list[MANY][NAME];
    (void)type, (void)data, (void)context;
    if (code == SERVICE_CONTROL_STOP && dependents(own, list)) return ERROR_DEPENDENT_SERVICES_RUNNING;
    if (code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_SHUTDOWN) {
        report(SERVICE_STOP_PENDING, 0);
        SetEvent(stop);
    }
    return code == SERVICE_CONTROL_INTERROGATE || code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_SHUTDOWN
        ? NO_ERROR : ERROR_CALL_NOT_IMPLEMENTED;
}

/* Windows' own services are taken for running: Wine lacks some of them. */
static DWORD start_needed(void)
{
    char list[MANY][NAME];
    int i, n = needs(own, list);
    for (i = 0; i < n; i++) {
        if (!stand_in(list[i])) continue;
        ask_start(list[i]);
        if (!becomes(list[i], SERVICE_RUNNING, 30000)) return ERROR_SERVICE_DEPENDENCY_FAIL;
    }
    return 0;
}

static DWORD may_start(void)
{
    DWORD left = reg_number(parameters, "StartsLeft", 0xFFFF);
    if (left == 0xFFFF) return 0;
    if (!left) return ERROR_SERVICE_LOGON_FAILED;
    left--;
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, parameters, "StartsLeft", REG_DWORD, &left, sizeof left);
    return 0;
}

static void WINAPI service(DWORD count, char **words)
{
    DWORD error;
    (void)count;
    snprintf(own, sizeof own, "%s", words[0]);
    snprintf(parameters, sizeof parameters, SERVICES "%s\\Parameters", own);
    handle = RegisterServiceCtrlHandlerExA(own, control, NULL);
    stop = CreateEventA(NULL, TRUE, FALSE, NULL);
    report(SERVICE_START_PENDING, 0);
    error = may_start();
    if (!error) error = start_needed();
    if (error) {
        report(SERVICE_STOPPED, error);
        return;
    }
    Sleep(reg_number(parameters, "StartMs", 0));
    report(SERVICE_RUNNING, 0);
    WaitForSingleObject(stop, INFINITE);
    Sleep(reg_number(parameters, "StopMs", 0));
    report(SERVICE_STOPPED, 0);
}

int main(void)
{
    static char none[] = "";
    SERVICE_TABLE_ENTRYA table[] = {{none, service}, {NULL, NULL}};
    return !StartServiceCtrlDispatcherA(table);
}
