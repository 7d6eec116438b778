/* What a package carries behind its program: file images, then lines "word=value", then their length and a magic word. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "REMEDIATE-WINE-1"
#define FILES 32

struct file {
    char name[64], version[32];
    unsigned long long size, time, offset, length;
};

static char *package_data, *package_lines;
static struct file files[FILES];
static int file_count;
static char self[MAX_PATH];

/* The value of a word, "" when it is not there; at most 16 may be held at once. */
static const char *word(const char *name)
{
    static char values[16][512];
    static int turn;
    char *out = values[turn++ % 16], *at = package_lines;
    size_t length = strlen(name);
    *out = 0;
    for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
        if (!strncmp(at, name, length) && at[length] == '=') {
            sscanf(at + length + 1, "%511[^\n]", out);
            break;
        }
    }
    return out;
}

static int read_files(void)
{
    char *at = package_lines;
    for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
        struct file *f = &files[file_count];
        if (strncmp(at, "file=", 5) || file_count == FILES) continue;
        if (sscanf(at + 5, "%63[^|]|%31[^|]|%llu|%llu|%llu|%llu", f->name, f->version, &f->size, &f->time, &f->offset,
                   &f->length) != 6) return 0;
        file_count++;
    }
    return file_count > 0;
}

/* 0 when this program carries no package that can be read. */
static int read_package(void)
{
    unsigned length;
    long size;
    FILE *in;
    GetModuleFileNameA(NULL, self, sizeof self);
    if (!(in = fopen(self, "rb"))) return 0;
    fseek(in, 0, SEEK_END);
    size = ftell(in);
    rewind(in);
    package_data = calloc(1, (size_t)size + 1);
    if (fread(package_data, 1, (size_t)size, in) != (size_t)size) size = 0;
    fclose(in);
    if (size < 64 || memcmp(package_data + size - 16, MAGIC, 16)) return 0;
    memcpy(&length, package_data + size - 20, 4);
    if (length > (unsigned)size - 20) return 0;
    package_lines = package_data + size - 20 - length;
    package_data[size - 20] = 0;
    return read_files();
}

/* 0 and the four parts of a file's version, -1 when it has none. */
static int version_of(const char *path, unsigned parts[4])
{
    VS_FIXEDFILEINFO *fixed;
    DWORD size = GetFileVersionInfoSizeA(path, NULL);
    void *data = size ? malloc(size) : NULL;
    UINT length;
    int found = data && GetFileVersionInfoA(path, 0, size, data) && VerQueryValueA(data, "\\", (void **)&fixed, &length);
    if (found) {
        parts[0] = fixed->dwFileVersionMS >> 16, parts[1] = fixed->dwFileVersionMS & 0xFFFF;
        parts[2] = fixed->dwFileVersionLS >> 16, parts[3] = fixed->dwFileVersionLS & 0xFFFF;
    }
    free(data);
    return found ? 0 : -1;
}

static void parse_version(const char *text, unsigned parts[4])
{
    parts[0] = parts[1] = parts[2] = parts[3] = 0;
    sscanf(text, "%u.%u.%u.%u", &parts[0], &parts[1], &parts[2], &parts[3]);
}

static int compare(const unsigned a[4], const unsigned b[4])
{
    int i;
    for (i = 0; i < 4; i++) if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}
