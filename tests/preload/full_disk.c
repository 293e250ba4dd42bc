// A preloaded library that fills the disk of one process: while the first byte of the file
// FIRN_FULL_DISK is not 0, no byte can be written to a regular file below FIRN_FULL_DISK_ROOT, and
// no space is said to be free. What is there can be read and removed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static volatile const char* full;
static char root[PATH_MAX];

__attribute__((constructor)) static void open_flag(void) {
  const char* path = getenv("FIRN_FULL_DISK");
  const char* below = getenv("FIRN_FULL_DISK_ROOT");
  if (path == NULL || below == NULL || realpath(below, root) == NULL) return;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* seen = mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0);
  if (seen != MAP_FAILED) full = seen;
  close(file);
}

static int is_full(void) { return full != NULL && *full != 0; }

// Whether a write to this file finds no room.
static int finds_no_room(int file) {
  if (!is_full()) return 0;
  struct stat about;
  if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strncmp(path, root, strlen(root)) == 0 && path[strlen(root)] == '/';
}

static ssize_t no_room(void) {
  errno = ENOSPC;
  return -1;
}

ssize_t write(int file, const void* bytes, size_t size) {
  return finds_no_room(file) ? no_room() : REAL(write)(file, bytes, size);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  return finds_no_room(file) ? no_room() : REAL(pwrite)(file, bytes, size, offset);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
  return finds_no_room(file) ? no_room() : REAL(pwrite64)(file, bytes, size, offset);
}
ssize_t writev(int file, const struct iovec* parts, int count) {
  return finds_no_room(file) ? no_room() : REAL(writev)(file, parts, count);
}

int statvfs(const char* restrict path, struct statvfs* restrict about) {
  const int done = REAL(statvfs)(path, about);
  if (done == 0 && is_full()) about->f_bavail = about->f_bfree = 0;
  return done;
}
int statvfs64(const char* restrict path, struct statvfs64* restrict about) {
  const int done = REAL(statvfs64)(path, about);
  if (done == 0 && is_full()) about->f_bavail = about->f_bfree = 0;
  return done;
}
