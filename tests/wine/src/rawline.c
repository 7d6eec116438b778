/* Runs the command line in the variable LINE by cmd.exe /c "LINE", as SSH servers of Windows do, and writes the exit code to the file named in the variable CODE. */
#include <windows.h>
#include <wchar.h>

static WCHAR line[40000], command[40100], file[1000];

static DWORD run(void)
{
    STARTUPINFOW start = { sizeof start };
    PROCESS_INFORMATION process;
    DWORD code = 0xffffffff;

    if (!GetEnvironmentVariableW(L"LINE", line, 40000)) return code;
    SetEnvironmentVariableW(L"LINE", NULL);
    wcscpy(command, L"cmd.exe /c \"");
    wcscat(command, line);
    wcscat(command, L"\"");
    if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) return GetLastError();
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return code;
}

int main(void)
{
    DWORD written, code;
    char text[20];
    HANDLE out;

    if (!GetEnvironmentVariableW(L"CODE", file, 1000)) return 2;
    code = run();
    out = CreateFileW(file, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (out == INVALID_HANDLE_VALUE) return 3;
    WriteFile(out, text, wsprintfA(text, "%d", (int)code), &written, NULL);
    return 0;
}
