/*
 * The recorder of the power-cut kit: for tests only, loaded into the server by LD_PRELOAD.
 *
 * It writes down, in order and with its data, every change below one directory, and every sync of what lies there. From
 * that journal the kit (`tests/src/bin/crash`) builds what a disk would hold after a power cut: the kernel keeps
 * unsynced data over a kill, a disk does not.
 *
 *   POWER_DIRECTORY       what is watched: an absolute path without links
 *   POWER_JOURNAL         where the journal is appended; lies outside of the directory
 *   POWER_IGNORE_SYNC_OF  base names, separated by commas, whose syncs are not written down. The kit tests itself with
 *                         it: it has to notice what is lost then.
 *
 * A record is written while a lock is held that also covers the call, so the order of the journal is that of the
 * changes. A sync is two records: what was written down before the first is covered once the second is there. Real
 * calls are made as system calls, so nothing has to be looked up before the allocator of the program works.
 *
 * A record, little-endian: kind (4), bytes of the first and of the second text (4, 4), zero (4), inode (8), two
 * numbers (8, 8), then the two texts. `journal.rs` reads it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum kind {
    BEGUN = 1,      /* a process started; a: version of this format */
    CREATED = 2,    /* a file of mode a at the first path */
    DIRECTORY = 3,  /* a directory of mode a at the first path */
    NODE = 4,       /* something without content at the first path: a socket */
    WRITTEN = 5,    /* the first text at offset a */
    RESIZED = 6,    /* now a bytes */
    GROWN = 7,      /* at least a bytes */
    RENAMED = 8,    /* from the first path to the second */
    LINKED = 9,     /* the first path is also the second */
    REMOVED = 10,   /* the first path, file or empty directory */
    SYNC_BEGUN = 11, /* of the inode, or of everything when it is 0; a: number of the sync */
    SYNC_DONE = 12, /* the same */
    MAPPED = 13,    /* shared and writable: what is stored through it is not written down */
    UNKNOWN = 14    /* a change that this recorder cannot describe: the first text names the call */
};

#define FORMAT 1
#define FDS 65536
#define MAPPINGS 256
#define JOURNAL_FD_MIN 900

enum state { UNSEEN = 0, FOREIGN, WATCHED, IGNORED };

struct fd_info {
    unsigned char state;
    dev_t device;
    ino_t inode;
};

struct mapping {
    char *start;
    size_t bytes;
    ino_t inode;
    off_t offset;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char directory[PATH_MAX];
static size_t directory_bytes;
static char ignored[PATH_MAX];
static int journal = -1;
static uint64_t syncs;
static struct fd_info fds[FDS];
static struct mapping mappings[MAPPINGS];

/* ---- the journal ---- */

/* The lock is held. A record that is not whole is the end of the journal, so nothing may follow one. */
static void record(enum kind kind, ino_t inode, uint64_t a, uint64_t b, const void *first, size_t first_bytes,
                   const void *second, size_t second_bytes) {
    struct {
        uint32_t kind, first, second, zero;
        uint64_t inode, a, b;
    } head = {kind, (uint32_t)first_bytes, (uint32_t)second_bytes, 0, inode, a, b};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)first, first_bytes}, {(void *)second, second_bytes}};
    int kept = errno;
    if (syscall(SYS_writev, journal, parts, 3) != (long)(sizeof head + first_bytes + second_bytes)) abort();
    errno = kept;
}

static void record_path(enum kind kind, ino_t inode, uint64_t a, const char *path) {
    record(kind, inode, a, 0, path, strlen(path), NULL, 0);
}

static void record_unknown(const char *call) { record_path(UNKNOWN, 0, 0, call); }

__attribute__((constructor)) static void begin(void) {
    const char *watched = getenv("POWER_DIRECTORY"), *to = getenv("POWER_JOURNAL"), *of = getenv("POWER_IGNORE_SYNC_OF");
    if (!watched || !to || strlen(watched) >= sizeof directory || (of && strlen(of) >= sizeof ignored)) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) abort();
    /* Out of the way of a program that counts on low numbers. */
    int high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, JOURNAL_FD_MIN);
    if (high >= 0) {
        syscall(SYS_close, fd);
        fd = high;
    }
    strcpy(directory, watched);
    directory_bytes = strlen(directory);
    if (of) strcpy(ignored, of);
    journal = fd;
    pthread_mutex_lock(&lock);
    record(BEGUN, 0, FORMAT, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
}

/* ---- which files are watched ---- */

static int below(const char *path) {
    return journal >= 0 && strncmp(path, directory, directory_bytes) == 0 &&
           (path[directory_bytes] == '/' || path[directory_bytes] == 0);
}

static int is_ignored(const char *path) {
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    size_t bytes = strlen(name);
    for (const char *at = ignored; *at;) {
        size_t word = strcspn(at, ",");
        if (word == bytes && strncmp(at, name, bytes) == 0) return 1;
        at += word + (at[word] == ',');
    }
    return 0;
}

/* The path of an open file as the kernel knows it. */
static int path_of(int fd, char *path) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long bytes = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (bytes < 0) return 0;
    path[bytes] = 0;
    return 1;
}

/* A path as it was given to a call, made absolute; 0 when it is not below the directory. */
static int watched_path(int at, const char *path, char *whole) {
    if (journal < 0 || !path) return 0;
    int kept = errno;
    if (path[0] == '/') {
        if (strlen(path) >= PATH_MAX) return 0;
        strcpy(whole, path);
    } else {
        int known = at == AT_FDCWD ? syscall(SYS_getcwd, whole, PATH_MAX) > 0 : path_of(at, whole);
        errno = kept;
        size_t bytes = known ? strlen(whole) : 0;
        if (!known || bytes + strlen(path) + 2 > PATH_MAX) return 0;
        whole[bytes] = '/';
        strcpy(whole + bytes + 1, path);
    }
    return below(whole);
}

static void forget(int fd) {
    if (fd >= 0 && fd < FDS) fds[fd].state = UNSEEN;
}

static void note(int fd, const char *path, const struct stat *found) {
    if (fd < 0 || fd >= FDS) return;
    fds[fd].device = found->st_dev;
    fds[fd].inode = found->st_ino;
    fds[fd].state = is_ignored(path) ? IGNORED : WATCHED;
}

/* Whether a file is watched. Numbers that other calls made (dup, fcntl) are looked at when they are used first. */
static int watched(int fd, struct stat *found) {
    if (journal < 0 || fd < 0 || fd >= FDS || fds[fd].state == FOREIGN) return 0;
    int kept = errno;
    char path[PATH_MAX];
    struct fd_info *info = &fds[fd];
    int state = fstat(fd, found) != 0 ? FOREIGN : info->state;
    if (state != FOREIGN && (state == UNSEEN || info->device != found->st_dev || info->inode != found->st_ino)) {
        state = FOREIGN;
        if ((S_ISREG(found->st_mode) || S_ISDIR(found->st_mode)) && path_of(fd, path) && below(path)) {
            note(fd, path, found);
            state = info->state;
        }
    }
    info->state = (unsigned char)state;
    errno = kept;
    return state == WATCHED || state == IGNORED;
}

/* ---- names ---- */

static int open_at(int at, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    struct stat found;
    if (!watched_path(at, path, whole)) {
        int fd = (int)syscall(SYS_openat, at, path, flags, mode);
        forget(fd);
        return fd;
    }
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        pthread_mutex_lock(&lock);
        record_unknown("open with O_TMPFILE");
        pthread_mutex_unlock(&lock);
    }
    int changes = flags & (O_CREAT | O_TRUNC);
    if (changes) pthread_mutex_lock(&lock);
    int kept = errno, existed = fstatat(at, path, &found, 0) == 0;
    errno = kept;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0 && fstat(fd, &found) == 0) {
        note(fd, whole, &found);
        if (changes && !existed)
            record_path(CREATED, found.st_ino, found.st_mode & 07777, whole);
        else if ((flags & O_TRUNC) && S_ISREG(found.st_mode))
            record(RESIZED, found.st_ino, 0, 0, NULL, 0, NULL, 0);
    }
    if (changes) pthread_mutex_unlock(&lock);
    return fd;
}

static mode_t mode_in(int flags, va_list more) {
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

#define OPEN(name, large)                                                                                              \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = mode_in(flags, more);                                                                            \
        va_end(more);                                                                                                  \
        return open_at(AT_FDCWD, path, flags | (large), mode);                                                         \
    }
#define OPENAT(name, large)                                                                                            \
    int name(int at, const char *path, int flags, ...) {                                                               \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = mode_in(flags, more);                                                                            \
        va_end(more);                                                                                                  \
        return open_at(at, path, flags | (large), mode);                                                               \
    }
OPEN(open, 0)
OPEN(open64, O_LARGEFILE)
OPENAT(openat, 0)
OPENAT(openat64, O_LARGEFILE)

int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
    forget(fd);
    return (int)syscall(SYS_close, fd);
}

int closedir(DIR *entries) {
    static int (*real)(DIR *);
    if (!real) real = (int (*)(DIR *))dlsym(RTLD_NEXT, "closedir");
    forget(dirfd(entries));
    return real(entries);
}

int dup2(int from, int to) {
    if (from != to) forget(to);
    return from == to ? (fcntl(from, F_GETFD) < 0 ? -1 : to) : (int)syscall(SYS_dup3, from, to, 0);
}

int dup3(int from, int to, int flags) {
    forget(to);
    return (int)syscall(SYS_dup3, from, to, flags);
}

static int rename_at(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    char whole[PATH_MAX], target[PATH_MAX];
    int leaves = watched_path(from_at, from, whole), comes = watched_path(to_at, to, target);
    if (!leaves && !comes) return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    if (done == 0) {
        if (leaves && comes && !(flags & RENAME_EXCHANGE))
            record(RENAMED, 0, 0, 0, whole, strlen(whole), target, strlen(target));
        else
            record_unknown("rename across the border, or an exchange");
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to) { return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return rename_at(from_at, from, to_at, to, 0); }
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    return rename_at(from_at, from, to_at, to, flags);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    char whole[PATH_MAX], target[PATH_MAX];
    int known = watched_path(from_at, from, whole), comes = watched_path(to_at, to, target);
    if (!comes) return (int)syscall(SYS_linkat, from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_linkat, from_at, from, to_at, to, flags);
    if (done == 0) {
        if (known)
            record(LINKED, 0, 0, 0, whole, strlen(whole), target, strlen(target));
        else
            record_unknown("link from outside");
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlinkat(const char *to, int at, const char *path) {
    char whole[PATH_MAX];
    int seen = watched_path(at, path, whole);
    int done = (int)syscall(SYS_symlinkat, to, at, path);
    if (seen && done == 0) {
        pthread_mutex_lock(&lock);
        record_unknown("symlink");
        pthread_mutex_unlock(&lock);
    }
    return done;
}

int symlink(const char *to, const char *path) { return symlinkat(to, AT_FDCWD, path); }

int unlinkat(int at, const char *path, int flags) {
    char whole[PATH_MAX];
    if (!watched_path(at, path, whole)) return (int)syscall(SYS_unlinkat, at, path, flags);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_unlinkat, at, path, flags);
    if (done == 0) record_path(REMOVED, 0, 0, whole);
    pthread_mutex_unlock(&lock);
    return done;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int remove(const char *path) {
    int done = unlink(path);
    return done != 0 && errno == EISDIR ? rmdir(path) : done;
}

int mkdirat(int at, const char *path, mode_t mode) {
    char whole[PATH_MAX];
    struct stat found;
    if (!watched_path(at, path, whole)) return (int)syscall(SYS_mkdirat, at, path, mode);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_mkdirat, at, path, mode);
    if (done == 0 && fstatat(at, path, &found, 0) == 0)
        record_path(DIRECTORY, found.st_ino, found.st_mode & 07777, whole);
    pthread_mutex_unlock(&lock);
    return done;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int bind(int fd, const struct sockaddr *address, socklen_t bytes) {
    char whole[PATH_MAX];
    const char *path = ((const struct sockaddr_un *)address)->sun_path;
    int seen = address->sa_family == AF_UNIX && path[0] && watched_path(AT_FDCWD, path, whole);
    if (!seen) return (int)syscall(SYS_bind, fd, address, bytes);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_bind, fd, address, bytes);
    if (done == 0) record_path(NODE, 0, 0, whole);
    pthread_mutex_unlock(&lock);
    return done;
}

/* ---- contents ---- */

/* The parts of a vectored write are written down one by one, up to what the call took. */
static void record_parts(ino_t inode, off_t at, const struct iovec *parts, int count, ssize_t taken) {
    for (int part = 0; part < count && taken > 0; part++) {
        size_t bytes = parts[part].iov_len < (size_t)taken ? parts[part].iov_len : (size_t)taken;
        if (bytes) record(WRITTEN, inode, (uint64_t)at, 0, parts[part].iov_base, bytes, NULL, 0);
        at += (off_t)bytes;
        taken -= (ssize_t)bytes;
    }
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    struct stat found;
    if (!watched(fd, &found)) return syscall(SYS_writev, fd, parts, count);
    pthread_mutex_lock(&lock);
    ssize_t taken = syscall(SYS_writev, fd, parts, count);
    /* Where the file stands after a write tells where it was written, also with O_APPEND. */
    if (taken > 0) record_parts(found.st_ino, syscall(SYS_lseek, fd, 0, SEEK_CUR) - taken, parts, count, taken);
    pthread_mutex_unlock(&lock);
    return taken;
}

ssize_t write(int fd, const void *data, size_t bytes) {
    struct stat found;
    if (!watched(fd, &found)) return syscall(SYS_write, fd, data, bytes);
    struct iovec part = {(void *)data, bytes};
    return writev(fd, &part, 1);
}

static ssize_t write_at(int fd, const struct iovec *parts, int count, off_t at, int flags) {
    struct stat found;
    unsigned long low = (unsigned long)at, high = sizeof(long) == 8 ? 0 : (unsigned long)((uint64_t)at >> 32);
    if (!watched(fd, &found)) return syscall(SYS_pwritev2, fd, parts, count, low, high, flags);
    pthread_mutex_lock(&lock);
    ssize_t taken = syscall(SYS_pwritev2, fd, parts, count, low, high, flags);
    if (taken > 0) {
        /* Linux appends whatever the offset says when the file was opened so. */
        if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &found) == 0) at = found.st_size - taken;
        record_parts(found.st_ino, at, parts, count, taken);
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) {
    struct iovec part = {(void *)data, bytes};
    return write_at(fd, &part, 1, at, 0);
}
ssize_t pwrite64(int fd, const void *data, size_t bytes, off_t at) { return pwrite(fd, data, bytes, at); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return write_at(fd, parts, count, at, 0); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return write_at(fd, parts, count, at, 0); }
ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t at, int flags) {
    return at == -1 ? writev(fd, parts, count) : write_at(fd, parts, count, at, flags);
}
ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off_t at, int flags) {
    return pwritev2(fd, parts, count, at, flags);
}

int ftruncate(int fd, off_t bytes) {
    struct stat found;
    if (!watched(fd, &found)) return (int)syscall(SYS_ftruncate, fd, bytes);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_ftruncate, fd, bytes);
    if (done == 0) record(RESIZED, found.st_ino, (uint64_t)bytes, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate64(int fd, off_t bytes) { return ftruncate(fd, bytes); }

int truncate(const char *path, off_t bytes) {
    char whole[PATH_MAX];
    struct stat found;
    if (!watched_path(AT_FDCWD, path, whole)) return (int)syscall(SYS_truncate, path, bytes);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_truncate, path, bytes);
    if (done == 0 && fstatat(AT_FDCWD, path, &found, 0) == 0)
        record(RESIZED, found.st_ino, (uint64_t)bytes, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int truncate64(const char *path, off_t bytes) { return truncate(path, bytes); }

int fallocate(int fd, int mode, off_t at, off_t bytes) {
    struct stat found;
    if (!watched(fd, &found)) return (int)syscall(SYS_fallocate, fd, mode, at, bytes);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_fallocate, fd, mode, at, bytes);
    if (done == 0 && mode == 0)
        record(GROWN, found.st_ino, (uint64_t)(at + bytes), 0, NULL, 0, NULL, 0);
    else if (done == 0 && mode != FALLOC_FL_KEEP_SIZE)
        record_unknown("fallocate that changes contents");
    pthread_mutex_unlock(&lock);
    return done;
}
int fallocate64(int fd, int mode, off_t at, off_t bytes) { return fallocate(fd, mode, at, bytes); }
int posix_fallocate(int fd, off_t at, off_t bytes) { return fallocate(fd, 0, at, bytes) == 0 ? 0 : errno; }
int posix_fallocate64(int fd, off_t at, off_t bytes) { return posix_fallocate(fd, at, bytes); }

/* Copies inside the kernel are refused: every caller then copies through memory, where it is seen. */
#define REFUSE_COPY(to, real)                                                                                          \
    do {                                                                                                               \
        struct stat found;                                                                                             \
        if (!watched(to, &found)) return real;                                                                         \
        errno = EINVAL;                                                                                                \
        return -1;                                                                                                     \
    } while (0)

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t bytes, unsigned flags) {
    REFUSE_COPY(to, syscall(SYS_copy_file_range, from, from_at, to, to_at, bytes, flags));
}
ssize_t sendfile(int to, int from, off_t *at, size_t bytes) {
    REFUSE_COPY(to, syscall(SYS_sendfile, to, from, at, bytes));
}
ssize_t sendfile64(int to, int from, off_t *at, size_t bytes) { return sendfile(to, from, at, bytes); }
ssize_t splice(int from, off_t *from_at, int to, off_t *to_at, size_t bytes, unsigned flags) {
    REFUSE_COPY(to, syscall(SYS_splice, from, from_at, to, to_at, bytes, flags));
}

/* ---- mappings: SQLite's index of its log, which is made anew after a power cut ---- */

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
    void *start = (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
    struct stat found;
    int shared = !(flags & MAP_ANONYMOUS) && (flags & MAP_TYPE) != MAP_PRIVATE && (protection & PROT_WRITE);
    if (start == MAP_FAILED || !shared || !watched(fd, &found)) return start;
    pthread_mutex_lock(&lock);
    record(MAPPED, found.st_ino, 0, 0, NULL, 0, NULL, 0);
    int slot = 0;
    while (slot < MAPPINGS && mappings[slot].start) slot++;
    if (slot < MAPPINGS)
        mappings[slot] = (struct mapping){start, bytes, found.st_ino, offset};
    else
        record_unknown("more mappings than there is room for");
    pthread_mutex_unlock(&lock);
    return start;
}
void *mmap64(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
    return mmap(at, bytes, protection, flags, fd, offset);
}

int munmap(void *start, size_t bytes) {
    if (journal >= 0) {
        pthread_mutex_lock(&lock);
        for (int slot = 0; slot < MAPPINGS; slot++) {
            char *of = mappings[slot].start;
            if (of && (char *)start <= of && of < (char *)start + bytes) mappings[slot].start = NULL;
        }
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_munmap, start, bytes);
}

int msync(void *start, size_t bytes, int flags) {
    int done = (int)syscall(SYS_msync, start, bytes, flags);
    if (done != 0 || journal < 0 || !(flags & MS_SYNC)) return done;
    pthread_mutex_lock(&lock);
    for (int slot = 0; slot < MAPPINGS; slot++) {
        struct mapping *of = &mappings[slot];
        if (!of->start || (char *)start < of->start || (char *)start >= of->start + of->bytes) continue;
        uint64_t at = (uint64_t)of->offset + (uint64_t)((char *)start - of->start), number = ++syncs;
        record(WRITTEN, of->inode, at, 0, start, bytes, NULL, 0);
        record(SYNC_BEGUN, of->inode, number, 0, NULL, 0, NULL, 0);
        record(SYNC_DONE, of->inode, number, 0, NULL, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

/* ---- syncs; sync_file_range is no sync and is left alone ---- */

static int synced(long call, int fd, ino_t inode) {
    pthread_mutex_lock(&lock);
    uint64_t number = ++syncs;
    record(SYNC_BEGUN, inode, number, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    int done = (int)syscall(call, fd);
    if (done == 0) {
        pthread_mutex_lock(&lock);
        record(SYNC_DONE, inode, number, 0, NULL, 0, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    return done;
}

static int sync_one(long call, int fd) {
    struct stat found;
    if (!watched(fd, &found) || fds[fd].state == IGNORED) return (int)syscall(call, fd);
    return synced(call, fd, found.st_ino);
}

int fsync(int fd) { return sync_one(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_one(SYS_fdatasync, fd); }
int syncfs(int fd) { return journal < 0 ? (int)syscall(SYS_syncfs, fd) : synced(SYS_syncfs, fd, 0); }
void sync(void) {
    if (journal < 0)
        syscall(SYS_sync);
    else
        synced(SYS_sync, 0, 0);
}
