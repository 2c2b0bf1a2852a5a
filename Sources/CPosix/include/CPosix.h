// glibc and kernel calls that Swift cannot reach: they need _GNU_SOURCE, variable arguments, or a macro.
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// How to start a program.
typedef struct {
    /// Path of the program; never searched for in PATH.
    const char *path;
    /// NULL-terminated, its first element the program's own name.
    char *const *arguments;
    /// NULL-terminated `NAME=value` strings.
    char *const *environment;
    /// NULL to stay in the caller's working directory.
    const char *directory;
    /// What becomes the child's descriptors 0, 1 and 2; all others are closed.
    int standard[3];
    /// Begin a new session, apart from the caller's terminal and process group.
    bool new_session;
    /// Begin a new process group in the same session; without effect beside new_session.
    bool new_group;
} slipway_spawn_request;

/// Starts a program with an empty signal mask and default dispositions.
/// Returns 0 and sets *pid, or an errno of posix_spawn(3), which also reports a failed exec.
int slipway_spawn(const slipway_spawn_request *request, pid_t *pid);

/// epoll_create1(2) with EPOLL_CLOEXEC.
int slipway_epoll_create(void);
/// Watches a descriptor for input. `exclusive` wakes one of several waiting epoll instances (EPOLLEXCLUSIVE).
int slipway_epoll_add(int epoll, int descriptor, bool exclusive);
/// Waits up to `milliseconds` (-1: for ever); returns the descriptor that is ready, -1 on a timeout, -2 on an error.
int slipway_epoll_wait(int epoll, int milliseconds);

/// A descriptor that epoll found ready, and for what.
typedef struct {
    int descriptor;
    bool readable;
    bool writable;
    /// The other side is gone, or will send no more.
    bool hung_up;
} slipway_ready;

/// Watches a descriptor for input and the other side's end, and for room to write where asked; `known` changes one that
/// is watched already.
int slipway_epoll_follow(int epoll, int descriptor, bool writable, bool known);
/// Waits up to `milliseconds` (-1: for ever) for up to `limit` descriptors; returns their count (0 on a timeout or a
/// signal), -2 on an error.
int slipway_epoll_wait_many(int epoll, slipway_ready *ready, int limit, int milliseconds);

/// send(2) and recv(2) that neither wait nor raise SIGPIPE: bytes, or -1 and errno.
ssize_t slipway_send_now(int socket, const void *bytes, size_t count);
ssize_t slipway_receive_now(int socket, void *bytes, size_t count);

/// Raises the soft limit of open files to the hard one, `most` at most; returns the limit then.
int64_t slipway_raise_open_files(int64_t most);

/// A counter that stays readable once it was signalled (eventfd(2), close-on-exec, non-blocking), until it is reset.
int slipway_eventfd(void);
int slipway_eventfd_signal(int descriptor);
void slipway_eventfd_reset(int descriptor);

/// pipe2(2) with O_CLOEXEC: ends[0] reads, ends[1] writes.
int slipway_pipe(int ends[2]);

/// Sets or clears O_NONBLOCK.
int slipway_set_nonblocking(int descriptor, bool on);
/// Asks the kernel to send this process a signal when its parent's thread ends (prctl PR_SET_PDEATHSIG).
int slipway_signal_on_parent_death(int signal);

/// Opens a path beneath a directory without following a single symbolic link (openat2(2), RESOLVE_BENEATH |
/// RESOLVE_NO_SYMLINKS); an errno of ELOOP or EXDEV says that the path tried.
int slipway_open_beneath(int directory, const char *path, int flags, mode_t mode);

/// Free bytes for an unprivileged writer on the file system that holds `path`, or -1.
int64_t slipway_free_bytes(const char *path);

/// Monotonic milliseconds (CLOCK_MONOTONIC).
int64_t slipway_monotonic_milliseconds(void);

/// accept4(2) with SOCK_CLOEXEC and SOCK_NONBLOCK.
int slipway_accept(int listener);
/// Who connected a UNIX socket (SO_PEERCRED): ids as they were at that moment. Returns 0, or -1 and errno.
int slipway_peer(int connection, pid_t *process, uid_t *user, gid_t *group);
/// Bounds how long connect(2) and send(2) wait (SO_SNDTIMEO).
int slipway_set_send_timeout(int connection, int64_t milliseconds);

/// A descriptor that can be read while one of the signals is pending (signalfd(2), close-on-exec, non-blocking).
int slipway_signal_descriptor(const sigset_t *signals);

/// No core files, and nobody but the system's administrator reads this process's memory (PR_SET_DUMPABLE,
/// RLIMIT_CORE). The first does not outlive an exec, the second does.
int slipway_keep_memory_private(void);
/// No program that this process or its children execute gains rights from its file (PR_SET_NO_NEW_PRIVS).
int slipway_forgo_new_privileges(void);
/// Descendants whose parent ends become this process's children (PR_SET_CHILD_SUBREAPER).
int slipway_adopt_orphans(void);
