// A preloaded library that makes `kill -9` a power cut: what was written and not synced is gone.
//
// Below the folder FIRN_POWER_CUT_ROOT it remembers, for each file, what fsync has not covered yet
// (old bytes and old size), and for each folder, which names were made, moved or removed since the
// folder's own fsync. When the process sends SIGKILL to itself, which is what a fault point does,
// all of that is undone first, newest first, and then the process dies. That is the strictest disk
// POSIX allows: no write and no name survives that was not synced.
//
// Files that are mapped (SQLite's -shm) are not watched; nobody relies on them after a crash. Other
// processes must not write below the folder at the same time.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

// The real function behind a name.
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

// Bytes of a file as they were before a write that is not synced.
struct OldBytes {
  struct OldBytes* older;
  off_t offset;
  off_t file_size;
  size_t size;
  char bytes[];
};

struct File {
  struct File* next;
  dev_t device;
  ino_t inode;
  int fd;  // of our own, never closed: closing would drop the process's locks
  struct OldBytes* newest;
};

enum NameChange { kMade, kMoved, kRemoved, kFolderMade };

// A change of a folder that is not synced. `kept`: a link to what the change took away.
struct Change {
  struct Change* older;
  enum NameChange kind;
  char path[PATH_MAX];
  char from[PATH_MAX];
  char kept[PATH_MAX];
};

static struct File* files;
static struct Change* changes;
static unsigned links_kept;

static const char* Root(void) {
  static const char* root;
  if (root == NULL) {
    root = getenv("FIRN_POWER_CUT_ROOT");
    if (root == NULL) root = "";
  }
  return root;
}

// The whole path without links in its folder part; false when it does not lie below the root.
static bool Watched(const char* path, char* whole) {
  if (*Root() == '\0') return false;
  char folder[PATH_MAX];
  const char* slash = strrchr(path, '/');
  const char* name = slash == NULL ? path : slash + 1;
  if (slash == NULL) {
    strcpy(folder, ".");
  } else {
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
  }
  char real[PATH_MAX];
  if (realpath(folder, real) == NULL) return false;
  if (snprintf(whole, PATH_MAX, "%s/%s", real, name) >= PATH_MAX) return false;
  return strncmp(whole, Root(), strlen(Root())) == 0;
}

static bool PathOf(int fd, char* path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, PATH_MAX - 1);
  if (size < 0) return false;
  path[size] = '\0';
  return true;
}

static struct File* FileOf(int fd) {
  char path[PATH_MAX];
  if (*Root() == '\0' || !PathOf(fd, path) || strncmp(path, Root(), strlen(Root())) != 0) return NULL;
  struct stat facts;
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) return NULL;
  for (struct File* file = files; file != NULL; file = file->next) {
    if (file->device == facts.st_dev && file->inode == facts.st_ino) return file;
  }
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const int own = REAL(open)(link, O_RDWR | O_CLOEXEC);
  if (own < 0) return NULL;
  struct File* file = calloc(1, sizeof *file);
  *file = (struct File){.next = files, .device = facts.st_dev, .inode = facts.st_ino, .fd = own};
  return files = file;
}

// Called with the lock held, before `size` bytes at `offset` change.
static void Remember(int fd, off_t offset, size_t size) {
  struct File* file = FileOf(fd);
  if (file == NULL) return;
  struct stat facts;
  fstat(file->fd, &facts);
  size_t old = 0;
  if (offset < facts.st_size) {
    old = (size_t)(facts.st_size - offset) < size ? (size_t)(facts.st_size - offset) : size;
  }
  struct OldBytes* bytes = malloc(sizeof *bytes + old);
  *bytes = (struct OldBytes){.older = file->newest, .offset = offset, .file_size = facts.st_size, .size = old};
  if (old > 0 && pread(file->fd, bytes->bytes, old, offset) != (ssize_t)old) abort();
  file->newest = bytes;
}

static void Forget(struct File* file) {
  while (file != NULL && file->newest != NULL) {
    struct OldBytes* bytes = file->newest;
    file->newest = bytes->older;
    free(bytes);
  }
}

static struct Change* NoteChange(enum NameChange kind, const char* path) {
  struct Change* change = calloc(1, sizeof *change);
  change->older = changes;
  change->kind = kind;
  strcpy(change->path, path);
  return changes = change;
}

// A second name for what is about to lose its name.
static void Keep(struct Change* change, const char* path) {
  snprintf(change->kept, sizeof change->kept, "%s/.power_cut.%d.%u", Root(), getpid(), links_kept++);
  if (link(path, change->kept) != 0) change->kept[0] = '\0';
}

static bool LiesIn(const char* path, const char* folder) {
  const char* slash = strrchr(path, '/');
  return slash != NULL && strlen(folder) == (size_t)(slash - path) &&
         strncmp(path, folder, strlen(folder)) == 0;
}

static void FolderSynced(const char* folder) {
  for (struct Change** at = &changes; *at != NULL;) {
    struct Change* change = *at;
    if (!LiesIn(change->path, folder)) {
      at = &change->older;
      continue;
    }
    if (change->kept[0] != '\0') REAL(unlink)(change->kept);
    *at = change->older;
    free(change);
  }
}

static void Undo(const struct Change* change) {
  switch (change->kind) {
    case kMade:
      REAL(unlink)(change->path);
      break;
    case kFolderMade:
      rmdir(change->path);
      break;
    case kMoved:
      REAL(rename)(change->path, change->from);
      if (change->kept[0] != '\0') REAL(rename)(change->kept, change->path);
      break;
    case kRemoved:
      if (change->kept[0] != '\0') REAL(rename)(change->kept, change->path);
      break;
  }
}

static void CutPower(void) {
  pthread_mutex_lock(&mutex);
  for (struct File* file = files; file != NULL; file = file->next) {
    for (struct OldBytes* bytes = file->newest; bytes != NULL; bytes = bytes->older) {
      if (bytes->size > 0 && REAL(pwrite)(file->fd, bytes->bytes, bytes->size, bytes->offset) < 0) abort();
      if (REAL(ftruncate)(file->fd, bytes->file_size) != 0) abort();
    }
  }
  for (struct Change* change = changes; change != NULL; change = change->older) Undo(change);
}

int kill(pid_t process, int signal_number) {
  if (process == getpid() && signal_number == SIGKILL && *Root() != '\0') CutPower();
  return REAL(kill)(process, signal_number);
}

static int Open(const char* path, int flags, mode_t mode) {
  char whole[PATH_MAX];
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
  if (!writes || !Watched(path, whole)) return REAL(open)(path, flags, mode);
  pthread_mutex_lock(&mutex);
  const bool made = (flags & O_CREAT) != 0 && access(whole, F_OK) != 0;
  const bool truncates = (flags & O_TRUNC) != 0 && !made;
  const int fd = REAL(open)(path, flags & ~(truncates ? O_TRUNC : 0), mode);
  if (fd >= 0 && truncates) {
    struct stat facts;
    fstat(fd, &facts);
    Remember(fd, 0, (size_t)facts.st_size);
    if (REAL(ftruncate)(fd, 0) != 0) abort();
  }
  if (fd >= 0 && made) NoteChange(kMade, whole);
  pthread_mutex_unlock(&mutex);
  return fd;
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return Open(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return Open(path, flags, mode);
}

static ssize_t WriteAt(int fd, const void* data, size_t size, off_t offset) {
  pthread_mutex_lock(&mutex);
  Remember(fd, offset, size);
  const ssize_t written = REAL(pwrite)(fd, data, size, offset);
  pthread_mutex_unlock(&mutex);
  return written;
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return WriteAt(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return WriteAt(fd, data, size, offset);
}

static void RememberNext(int fd, size_t size) {
  if ((fcntl(fd, F_GETFL) & O_APPEND) != 0) {
    struct stat facts;
    if (fstat(fd, &facts) == 0) Remember(fd, facts.st_size, size);
    return;
  }
  const off_t offset = lseek(fd, 0, SEEK_CUR);
  if (offset >= 0) Remember(fd, offset, size);
}

// Pipes, sockets and files elsewhere: a write there may wait, and must not hold the lock meanwhile.
static bool IsWatched(int fd) {
  char path[PATH_MAX];
  return *Root() != '\0' && PathOf(fd, path) && strncmp(path, Root(), strlen(Root())) == 0;
}

ssize_t write(int fd, const void* data, size_t size) {
  if (!IsWatched(fd)) return REAL(write)(fd, data, size);
  pthread_mutex_lock(&mutex);
  RememberNext(fd, size);
  const ssize_t written = REAL(write)(fd, data, size);
  pthread_mutex_unlock(&mutex);
  return written;
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  if (!IsWatched(fd)) return REAL(writev)(fd, parts, count);
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  pthread_mutex_lock(&mutex);
  RememberNext(fd, size);
  const ssize_t written = REAL(writev)(fd, parts, count);
  pthread_mutex_unlock(&mutex);
  return written;
}

static int Truncate(int fd, off_t size) {
  pthread_mutex_lock(&mutex);
  struct stat facts;
  const bool shorter = fstat(fd, &facts) == 0 && facts.st_size > size;
  Remember(fd, size, shorter ? (size_t)(facts.st_size - size) : 0);
  const int done = REAL(ftruncate)(fd, size);
  pthread_mutex_unlock(&mutex);
  return done;
}

int ftruncate(int fd, off_t size) { return Truncate(fd, size); }
int ftruncate64(int fd, off64_t size) { return Truncate(fd, size); }

static void Synced(int fd) {
  char path[PATH_MAX];
  struct stat facts;
  if (*Root() == '\0' || fstat(fd, &facts) != 0 || !PathOf(fd, path)) return;
  pthread_mutex_lock(&mutex);
  if (S_ISDIR(facts.st_mode)) {
    FolderSynced(path);
  } else {
    Forget(FileOf(fd));
  }
  pthread_mutex_unlock(&mutex);
}

int fsync(int fd) {
  Synced(fd);
  return 0;
}

int fdatasync(int fd) {
  Synced(fd);
  return 0;
}

int rename(const char* from, const char* to) {
  char whole_from[PATH_MAX];
  char whole_to[PATH_MAX];
  if (!Watched(from, whole_from) || !Watched(to, whole_to)) return REAL(rename)(from, to);
  pthread_mutex_lock(&mutex);
  struct Change* change = NoteChange(kMoved, whole_to);
  strcpy(change->from, whole_from);
  Keep(change, whole_to);
  const int done = REAL(rename)(from, to);
  if (done != 0) {
    changes = change->older;
    free(change);
  }
  pthread_mutex_unlock(&mutex);
  return done;
}

int unlink(const char* path) {
  char whole[PATH_MAX];
  if (!Watched(path, whole)) return REAL(unlink)(path);
  pthread_mutex_lock(&mutex);
  struct Change* change = NoteChange(kRemoved, whole);
  Keep(change, whole);
  const int done = REAL(unlink)(path);
  if (done != 0) {
    changes = change->older;
    free(change);
  }
  pthread_mutex_unlock(&mutex);
  return done;
}

int mkdir(const char* path, mode_t mode) {
  char whole[PATH_MAX];
  const int done = REAL(mkdir)(path, mode);
  const int error = errno;
  if (done == 0 && Watched(path, whole)) {
    pthread_mutex_lock(&mutex);
    NoteChange(kFolderMade, whole);
    pthread_mutex_unlock(&mutex);
  }
  errno = error;
  return done;
}
