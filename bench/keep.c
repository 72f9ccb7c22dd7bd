/*
 * keep COMMAND [ARGUMENT]...
 *
 * Runs a server as its child and owns whatever comes of it. Being the reaper of the whole tree, it inherits every
 * process that loses its parent, so that the time they used ends up in this process's account of dead children, and
 * nothing outlives it: told to end (or left alone by whoever started it), it ends all of them.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 65536, GRACE_MS = 2000, STEP_MS = 10, MANY_FILES = 1 << 18 };

static struct { pid_t pid, parent; char ours; } table[PROCESSES];

/* The parent of a process, or 0 if it is gone. The name in the second field may hold anything but is bracketed. */
static pid_t parent_of(pid_t pid)
{
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  char *end = text + length, state;
  int parent = 0;
  while (end > text && *end != ')') end--;
  return sscanf(end, ") %c %d", &state, &parent) == 2 ? parent : 0;
}

/* Sends a signal to every descendant. */
static void signal_tree(int number)
{
  int count = 0, found = 1;
  DIR *folder = opendir("/proc");
  if (!folder) return;
  for (struct dirent *entry; (entry = readdir(folder)) && count < PROCESSES;) {
    if (!isdigit((unsigned char)entry->d_name[0])) continue;
    table[count].pid = atoi(entry->d_name);
    table[count].parent = parent_of(table[count].pid);
    table[count].ours = table[count].parent == getpid();
    count++;
  }
  closedir(folder);
  while (found) {
    found = 0;
    for (int i = 0; i < count; i++)
      for (int j = 0; !table[i].ours && j < count; j++)
        if (table[j].ours && table[j].pid == table[i].parent) table[i].ours = found = 1;
  }
  for (int i = 0; i < count; i++)
    if (table[i].ours) kill(table[i].pid, number);
}

/* Reaps what has ended; 0 once no child is left. */
static int reap(void)
{
  pid_t pid;
  while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) continue;
  return pid == 0 || errno != ECHILD;
}

static void end_tree(void)
{
  struct timespec step = { 0, STEP_MS * 1000000L };
  signal_tree(SIGTERM);
  for (int waited = 0; reap(); waited += STEP_MS) {
    if (waited >= GRACE_MS) signal_tree(SIGKILL);
    nanosleep(&step, NULL);
  }
}

int main(int count, char **arguments)
{
  if (count < 2) return 2;
  struct rlimit files = { .rlim_cur = MANY_FILES, .rlim_max = MANY_FILES };
  if (setrlimit(RLIMIT_NOFILE, &files) < 0 && getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  pid_t starter = getppid();
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGTERM);
  sigaddset(&awaited, SIGINT);
  sigaddset(&awaited, SIGHUP);
  sigaddset(&awaited, SIGCHLD);
  sigprocmask(SIG_BLOCK, &awaited, NULL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != starter) return 1;

  pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    sigprocmask(SIG_UNBLOCK, &awaited, NULL);
    /* Servers that look at their input take a socket for a client. */
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, 0);
    setpgid(0, 0);
    execvp(arguments[1], arguments + 1);
    perror(arguments[1]);
    _exit(127);
  }

  int status = 0, result = 0, running = 1, got;
  while (running && ((got = sigwaitinfo(&awaited, NULL)) == SIGCHLD || (got < 0 && errno == EINTR)))
    for (pid_t ended; running && (ended = waitpid(-1, &status, WNOHANG)) > 0;)
      if (ended == child) {
        running = 0;
        result = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
      }
  end_tree();
  return result;
}
