#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int slipway_spawn(const slipway_spawn_request *request, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }

    // The three descriptors are first raised above 2, so that no dup2 overwrites a source still needed.
    int raised[3] = {-1, -1, -1};
    for (int i = 0; i < 3 && error == 0; i++) {
        raised[i] = fcntl(request->standard[i], F_DUPFD_CLOEXEC, 3);
        if (raised[i] < 0) error = errno;
    }
    for (int i = 0; i < 3 && error == 0; i++)
        error = posix_spawn_file_actions_adddup2(&actions, raised[i], i);
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (error == 0 && request->directory)
        error = posix_spawn_file_actions_addchdir_np(&actions, request->directory);

    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (request->new_session) flags |= POSIX_SPAWN_SETSID;
    else if (request->new_group) flags |= POSIX_SPAWN_SETPGROUP;
    if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (error == 0) error = posix_spawnattr_setsigdefault(&attributes, &all);
    if (error == 0) error = posix_spawnattr_setpgroup(&attributes, 0);
    if (error == 0) error = posix_spawnattr_setflags(&attributes, flags);
    if (error == 0)
        error = posix_spawn(pid, request->path, &actions, &attributes, request->arguments, request->environment);

    for (int i = 0; i < 3; i++)
        if (raised[i] >= 0) close(raised[i]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int slipway_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int slipway_epoll_add(int epoll, int descriptor, bool exclusive) {
    struct epoll_event event = {.events = EPOLLIN | (exclusive ? EPOLLEXCLUSIVE : 0), .data.fd = descriptor};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int slipway_epoll_wait(int epoll, int milliseconds) {
    struct epoll_event event;
    int count = epoll_wait(epoll, &event, 1, milliseconds);
    if (count == 1) return event.data.fd;
    return count == 0 || errno == EINTR ? -1 : -2;
}

int slipway_epoll_follow(int epoll, int descriptor, bool writable, bool known) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (writable ? EPOLLOUT : 0), .data.fd = descriptor};
    return epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event);
}

int slipway_epoll_wait_many(int epoll, slipway_ready *ready, int limit, int milliseconds) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, limit < 256 ? limit : 256, milliseconds);
    if (count < 0) return errno == EINTR ? 0 : -2;
    for (int i = 0; i < count; i++)
        ready[i] = (slipway_ready){
            .descriptor = events[i].data.fd,
            .readable = events[i].events & EPOLLIN,
            .writable = events[i].events & EPOLLOUT,
            .hung_up = events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR),
        };
    return count;
}

ssize_t slipway_send_now(int socket, const void *bytes, size_t count) {
    return send(socket, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t slipway_receive_now(int socket, void *bytes, size_t count) { return recv(socket, bytes, count, MSG_DONTWAIT); }

int64_t slipway_raise_open_files(int64_t most) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    rlim_t wanted = limit.rlim_max < (rlim_t)most ? limit.rlim_max : (rlim_t)most;
    if (wanted > limit.rlim_cur) {
        limit.rlim_cur = wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
    }
    return (int64_t)limit.rlim_cur;
}

int slipway_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int slipway_eventfd_signal(int descriptor) { return eventfd_write(descriptor, 1); }

void slipway_eventfd_reset(int descriptor) {
    eventfd_t count;
    eventfd_read(descriptor, &count);
}

int slipway_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int slipway_set_nonblocking(int descriptor, bool on) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(descriptor, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int slipway_signal_on_parent_death(int signal) { return prctl(PR_SET_PDEATHSIG, signal); }

int slipway_open_beneath(int directory, const char *path, int flags, mode_t mode) {
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = flags & O_CREAT ? mode : 0,  // openat2 refuses a mode where nothing is created
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int64_t slipway_free_bytes(const char *path) {
    struct statvfs status;
    if (statvfs(path, &status) != 0) return -1;
    return (int64_t)status.f_bavail * (int64_t)status.f_frsize;
}

int64_t slipway_monotonic_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int slipway_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int slipway_peer(int connection, pid_t *process, uid_t *user, gid_t *group) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
    *process = peer.pid;
    *user = peer.uid;
    *group = peer.gid;
    return 0;
}

int slipway_set_send_timeout(int connection, int64_t milliseconds) {
    struct timeval time = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    return setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

int slipway_signal_descriptor(const sigset_t *signals) { return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK); }

int slipway_keep_memory_private(void) {
    struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return -1;
    return setrlimit(RLIMIT_CORE, &none);
}

int slipway_forgo_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int slipway_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
