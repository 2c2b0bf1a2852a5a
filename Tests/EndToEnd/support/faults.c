// Makes writing beneath one folder fail at a chosen call, or ends the process there, and shifts the time of day.
// Preloaded (LD_PRELOAD) into Slipway's processes, which count their calls together in a file; see faults_disk.py.
// With HARM_COMMAND only those count that run this command of Slipway's.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// The file, which faults_disk.py writes by the same order.
struct control {
    _Atomic int64_t calls;   // so far
    _Atomic int64_t first;   // the call that fails; 0 for none, and nothing is counted
    _Atomic int64_t last;    // the last one that does
    _Atomic int64_t error;   // errno, or -1 to die before the call, or -2 after it
    _Atomic int64_t clock;   // milliseconds that the time of day is ahead
    _Atomic int64_t hits;    // calls that failed
    _Atomic int64_t started; // programs
    char where[256];         // the first of them
};

static struct control *control;
static char root[PATH_MAX];
static size_t root_length;
static int spared;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

// Whether the program's first argument is this word.
static int runs(const char *command) {
    char line[PATH_MAX + 64] = {0};
    int file = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
    ssize_t length = file < 0 ? 0 : read(file, line, sizeof line - 1);
    close(file);
    size_t program = strlen(line) + 1;
    return (ssize_t)program < length && strcmp(line + program, command) == 0;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("HARM_FILE"), *below = getenv("HARM_ROOT");
    if (!path || !below) return;
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) return;
    root_length = (size_t)snprintf(root, sizeof root, "%s/", below);
    control = memory;
    const char *command = getenv("HARM_COMMAND");
    spared = command && !runs(command);
}

static _Noreturn void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// What a call is to do: 0 to work, 1 to fail with errno set, 2 to work and die.
static int harm(const char *call, const char *path) {
    if (!control || spared || !control->first || strncmp(path, root, root_length) != 0) return 0;
    int64_t number = ++control->calls;
    if (number < control->first || number > control->last) return 0;
    int64_t error = control->error;
    // A full disk still removes.
    if (error == ENOSPC && (strcmp(call, "unlink") == 0 || strcmp(call, "rmdir") == 0)) return 0;
    if (++control->hits == 1)
        snprintf(control->where, sizeof control->where, "%s %s", call, path + root_length);
    if (error == -1) die();
    if (error == -2) return 2;
    errno = (int)error;
    return 1;
}

static int harm_descriptor(const char *call, int descriptor) {
    if (!control || !control->first) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return harm(call, path);
}

static int harm_at(const char *call, int directory, const char *name) {
    if (!control || !control->first) return 0;
    if (name[0] == '/' || directory == AT_FDCWD) return harm(call, name);
    char link[64], path[2 * PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    snprintf(path + length, sizeof path - (size_t)length, "/%s", name);
    return harm(call, path);
}

#define HARMED(check, call) \
    do { \
        int what = (check); \
        if (what == 1) return -1; \
        __typeof__(call) result = (call); \
        if (what == 2) die(); \
        return result; \
    } while (0)

ssize_t write(int descriptor, const void *bytes, size_t count) {
    HARMED(harm_descriptor("write", descriptor), REAL(write)(descriptor, bytes, count));
}
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    HARMED(harm_descriptor("pwrite", descriptor), REAL(pwrite)(descriptor, bytes, count, offset));
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    HARMED(harm_descriptor("pwrite", descriptor), REAL(pwrite64)(descriptor, bytes, count, offset));
}
int fsync(int descriptor) { HARMED(harm_descriptor("fsync", descriptor), REAL(fsync)(descriptor)); }
int fdatasync(int descriptor) { HARMED(harm_descriptor("fdatasync", descriptor), REAL(fdatasync)(descriptor)); }
int ftruncate(int descriptor, off_t size) {
    HARMED(harm_descriptor("ftruncate", descriptor), REAL(ftruncate)(descriptor, size));
}
int ftruncate64(int descriptor, off64_t size) {
    HARMED(harm_descriptor("ftruncate", descriptor), REAL(ftruncate64)(descriptor, size));
}
int rename(const char *from, const char *to) { HARMED(harm("rename", to), REAL(rename)(from, to)); }
int unlink(const char *path) { HARMED(harm("unlink", path), REAL(unlink)(path)); }
int rmdir(const char *path) { HARMED(harm("rmdir", path), REAL(rmdir)(path)); }
int mkdir(const char *path, mode_t mode) { HARMED(harm("mkdir", path), REAL(mkdir)(path, mode)); }
int mkdirat(int directory, const char *path, mode_t mode) {
    HARMED(harm_at("mkdir", directory, path), REAL(mkdirat)(directory, path, mode));
}

// Opening counts where it may make a file.
#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & O_CREAT) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }
int open(const char *path, int flags, ...) {
    MODE(flags)
    HARMED(flags & O_CREAT ? harm("open", path) : 0, REAL(open)(path, flags, mode));
}
int open64(const char *path, int flags, ...) {
    MODE(flags)
    HARMED(flags & O_CREAT ? harm("open", path) : 0, REAL(open64)(path, flags, mode));
}
int openat(int directory, const char *path, int flags, ...) {
    MODE(flags)
    HARMED(flags & O_CREAT ? harm_at("open", directory, path) : 0, REAL(openat)(directory, path, flags, mode));
}

// openat2(2) has no function of its own; its third argument begins with the flags.
long syscall(long number, ...) {
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
    va_end(rest);
    int makes = number == SYS_openat2 && *(const uint64_t *)a[2] & O_CREAT;
    HARMED(makes ? harm_at("open", (int)a[0], (const char *)a[1]) : 0,
        REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

int posix_spawn(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *restrict actions,
    const posix_spawnattr_t *restrict attributes, char *const *restrict arguments, char *const *restrict environment) {
    if (control) ++control->started;
    return REAL(posix_spawn)(pid, path, actions, attributes, arguments, environment);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = REAL(clock_gettime)(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && control) time->tv_sec += control->clock / 1000;
    return result;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int result = REAL(gettimeofday)(time, zone);
    if (result == 0 && control) time->tv_sec += control->clock / 1000;
    return result;
}
time_t time(time_t *where) {
    time_t now = REAL(time)(NULL) + (control ? control->clock / 1000 : 0);
    if (where) *where = now;
    return now;
}
