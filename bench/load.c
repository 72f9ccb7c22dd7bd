/*
 * load WORK [OPTION VALUE]...
 *
 * A load generator for FTP servers: one process, one thread, any number of clients on one epoll. Each client is a
 * small machine that moves on when a reply is complete or its data connection has something to say.
 *
 * It opens the sessions the work needs, prints `ready N`, and waits for a line on its input; then it works for so many
 * seconds, prints one line of JSON, and keeps the sessions until its input ends. Whoever started it can measure the
 * server in both pauses.
 *
 *   download  EPSV and RETR of one file, again and again, in a session
 *   upload    EPSV and STOR under a new name each time
 *   list      EPSV and LIST of one folder
 *   noop      NOOP and its reply
 *   login     connect, log in, QUIT
 *   mix       connect, log in, EPSV and RETR of one file, QUIT
 *   idle      nothing until the line comes, then one NOOP in each session
 *
 * With --tls each session begins with AUTH TLS, and data connections are protected and resume the TLS session of their
 * control connection. Nothing can be dropped in the kernel then: this process decrypts what the server encrypts.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "tls.h"

enum work { DOWNLOAD, UPLOAD, LIST, NOOP, LOGIN, MIX, IDLE, WORKS };
static const char *work_names[WORKS] = { "download", "upload", "list", "noop", "login", "mix", "idle" };

/* What a client waits for. */
enum state { CLOSED, RESTING, GREETING, SECURING, NAMED, PROVED, SIZED, PROTECTED, TYPED, READY, LEASED, MOVING, ASKED,
             LEAVING };
static const char *state_names[] = { "closed", "resting", "greeting", "AUTH", "USER", "PASS", "PBSZ", "PROT", "TYPE",
                                     "ready", "EPSV", "transfer", "NOOP", "QUIT" };

enum phase { SETUP, RUNNING, OVER };

/* A file as the server shows it and as it lies on the disk. */
struct file { const char *path; const char *bytes; int64_t size; int descriptor; };

/* One of a client's two connections; epoll hands it back. `parting` is one on which everything has been sent and only
 * the server's end is waited for; `queued` one that has bytes the socket does not know of any more. */
struct wire {
  struct client *client;
  int data, socket, shaking, parting, queued;
  uint32_t events;
  struct tls *tls;
};

struct client {
  int id, used, multiline, started, drained, confirmed, checked, failures;
  enum state state;
  struct wire control, data;
  struct tls_session *session;
  const struct file *file;
  int64_t moved, lines, bytes, operations, serial;
  uint64_t began, deadline, wake;
  char input[2048];
};

static struct {
  enum work work;
  const char *host, *user, *password, *upload_path, *upload_folder, *tls, *cipher;
  int port, clients, addresses, ramp, check_every, copy, resume;
  double seconds, setup_seconds, patience, pause_ms;
  int64_t entries;
  struct file file, greedy;
} options = { .host = "127.0.0.1", .user = "anonymous", .password = "guest", .clients = 1, .addresses = 1, .ramp = 32,
              .check_every = 16, .seconds = 3, .setup_seconds = 30, .patience = 20, .entries = -1,
              .cipher = "TLS_AES_128_GCM_SHA256" };

enum { WINDOW = 64 << 10, STRIDE = 1 << 20, WHOLE = 4 << 20, CHUNK = 256 << 10, RESOLUTION = 32, RECORD = 16 << 10,
       MANY_FILES = 1 << 18 };

static struct client *clients;
static enum phase phase = SETUP;
static int poll_set, opening, opened, next_to_open, given_up;
static int64_t total_bytes, total_operations, late, serial, errors, checked, wrong, list_bytes = -1;
static int64_t handshakes[2], resumed[2];
static struct wire **queue;
static int queue_length;
static uint64_t latency[64 * RESOLUTION], slowest;
static double latency_sum;
static char first_error[200], chunk[CHUNK];

static void begin(struct client *c);
static void next(struct client *c);

static void die(const char *format, ...)
{
  va_list list;
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
  exit(2);
}

static uint64_t now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t seconds(double s) { return (uint64_t)(s * 1e9); }

/* Latencies are counted in slots of three per cent: a percentile is a matter of adding up. */
static void note_latency(uint64_t ns)
{
  int top = ns < RESOLUTION ? 5 : 63 - __builtin_clzll(ns);
  latency[top * RESOLUTION + ((ns >> (top - 5)) & (RESOLUTION - 1))]++;
  latency_sum += (double)ns;
  if (ns > slowest) slowest = ns;
}

static double percentile_ms(double share)
{
  uint64_t count = 0, sum = 0;
  for (int i = 0; i < 64 * RESOLUTION; i++) count += latency[i];
  for (int i = 5 * RESOLUTION; i < 64 * RESOLUTION; i++)
    if (latency[i] && (double)(sum += latency[i]) >= share * (double)count) {
      double low = (double)(1ull << (i / RESOLUTION)) * (1 + (double)(i % RESOLUTION) / RESOLUTION);
      double high = low * (1 + 1.0 / RESOLUTION);
      return (high < (double)slowest ? high : (double)slowest) / 1e6;
    }
  return 0;
}

/* ---------- bytes in and out ---------- */

/* The two calls below are the only ones that move a session's bytes, but for the sendfile of uploads in clear. */
static ssize_t take(struct wire *w, char *into, size_t room, int discard)
{
  if (w->tls) return tls_take(w->tls, into, room < CHUNK ? room : CHUNK);
  return recv(w->socket, discard ? NULL : into, room, discard ? MSG_TRUNC : 0);
}

static ssize_t put(struct wire *w, const char *bytes, size_t count)
{
  return w->tls ? tls_put(w->tls, bytes, count) : send(w->socket, bytes, count, MSG_NOSIGNAL);
}

static void watch(struct wire *w, uint32_t events)
{
  struct epoll_event event = { .events = events, .data.ptr = w };
  if (w->events == events) return;
  if (epoll_ctl(poll_set, w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->socket, &event) < 0)
    die("epoll_ctl: %s", strerror(errno));
  w->events = events;
}

/* A connection under way to the server, from the client's own address where there are several. -1 if refused. */
static int dial(struct client *c, int port)
{
  int one = 1, s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (s < 0) return -1;
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in address = { .sin_family = AF_INET };
  if (options.addresses > 1) {
    address.sin_addr.s_addr = htonl(0x7f000100u + 1 + (unsigned)(c->id % options.addresses));
    setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(s, (struct sockaddr *)&address, sizeof address) < 0) die("bind: %s", strerror(errno));
  }
  inet_pton(AF_INET, options.host, &address.sin_addr);
  address.sin_port = htons((uint16_t)port);
  if (connect(s, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    close(s);
    return -1;
  }
  return s;
}

static int open_wire(struct wire *w, int port)
{
  w->socket = dial(w->client, port);
  w->events = 0;
  w->shaking = w->parting = 0;
  return w->socket >= 0;
}

static const char *why_closed(void)
{
  return errno == EMFILE ? "the load generator has no descriptor left, see ulimit -Hn" : strerror(errno);
}

static void hang_up(struct wire *w)
{
  tls_free(w->tls);
  w->tls = NULL;
  if (w->socket >= 0) close(w->socket);
  w->socket = -1;
}

/* Puts TLS on a connection. A control connection begins anew unless resuming is what is measured; a data connection
 * always resumes its session's newest, as some servers demand and most clients do: a ticket may be good for one time
 * only, and each connection brings another. */
static void secure(struct wire *w)
{
  struct client *c = w->client;
  if (!w->data && !options.resume) tls_forget(&c->session);
  w->tls = tls_start(w->socket, c->session, &c->session, w->data);
  if (!w->tls) die("no room for another TLS connection");
  w->shaking = 1;
}

/* ---------- the life of a client ---------- */

static void rest(struct client *c, double ms)
{
  c->state = RESTING;
  c->wake = now() + seconds(ms / 1e3);
}

/* Something went wrong: it is counted, and the client starts anew after a moment. */
static void fail(struct client *c, const char *why)
{
  errors++;
  if (!first_error[0]) {
    snprintf(first_error, sizeof first_error, "%s: %.120s", state_names[c->state], why);
    for (char *at = first_error; *at; at++)
      if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\') *at = '.';
  }
  hang_up(&c->control);
  hang_up(&c->data);
  if (phase == SETUP && ++c->failures > 3) {
    c->state = CLOSED;
    opening--;
    given_up++;
  } else
    rest(c, 20);
}

static void say(struct client *c, enum state then, const char *format, ...)
{
  char line[1024];
  va_list list;
  va_start(list, format);
  int length = vsnprintf(line, sizeof line - 2, format, list);
  va_end(list);
  line[length++] = '\r';
  line[length++] = '\n';
  c->state = then;
  if (put(&c->control, line, (size_t)length) != length) fail(c, strerror(errno));
}

static void begin(struct client *c)
{
  c->used = c->multiline = 0;
  c->began = now();
  c->deadline = c->began + seconds(options.patience);
  c->state = GREETING;
  if (open_wire(&c->control, options.port)) watch(&c->control, EPOLLIN);
  else fail(c, why_closed());
}

/* An operation is over and everything about it was right. One that was begun in time and ended late is not part of the
 * rate, but of what the server spent its time on. */
static void count_operation(struct client *c)
{
  if (phase == SETUP) return;
  note_latency(now() - c->began);
  if (phase == OVER) {
    late++;
    return;
  }
  c->operations++;
  total_operations++;
}

static void after_operation(struct client *c)
{
  if (options.pause_ms > 0 || options.work == IDLE) rest(c, options.work == IDLE ? 1e9 : options.pause_ms);
  else next(c);
}

static void lease(struct client *c)
{
  c->moved = c->lines = c->started = c->drained = c->confirmed = 0;
  c->serial = serial++;
  c->checked = c->serial % options.check_every == 0;
  say(c, LEASED, "EPSV");
}

/* The next operation of a session that is logged in. */
static void next(struct client *c)
{
  if (phase != RUNNING) {
    c->state = READY;
    return;
  }
  c->began = now();
  c->deadline = c->began + seconds(options.patience);
  if (options.work == NOOP || options.work == IDLE) say(c, ASKED, "NOOP");
  else lease(c);
}

static void logged_in(struct client *c)
{
  if (options.work == MIX) lease(c);
  else if (phase == SETUP) {
    c->state = READY;
    opening--;
    opened++;
  } else next(c);
}

static void upload_name(const struct client *c, const char *folder, char *into, size_t room)
{
  snprintf(into, room, "%s/up-%d-%d-%lld", folder, (int)getpid(), c->id, (long long)c->serial);
}

/* What was uploaded is looked at where the server put it, and removed. */
static int uploaded_as_sent(struct client *c)
{
  char path[1024];
  struct stat status;
  upload_name(c, options.upload_folder, path, sizeof path);
  int descriptor = open(path, O_RDONLY | O_CLOEXEC), good = 0;
  if (descriptor < 0) return 0;
  if (fstat(descriptor, &status) == 0 && status.st_size == c->file->size) {
    good = 1;
    for (int64_t at = 0; c->checked && good && at < c->file->size; at += c->file->size > WHOLE ? STRIDE : WINDOW) {
      int64_t left = c->file->size - at;
      size_t want = left < WINDOW ? (size_t)left : WINDOW;
      good = pread(descriptor, chunk, want, at) == (ssize_t)want && !memcmp(chunk, c->file->bytes + at, want);
    }
    checked += c->checked;
  }
  close(descriptor);
  unlink(path);
  return good;
}

static int moved_right(struct client *c)
{
  if (options.work == LIST) {
    if (list_bytes < 0) list_bytes = c->moved;
    checked++;
    /* Some servers list the folder itself and the one above, or write a total. */
    return c->moved == list_bytes &&
           (options.entries < 0 || (c->lines >= options.entries && c->lines <= options.entries + 3));
  }
  if (options.work == UPLOAD) return uploaded_as_sent(c);
  checked += c->checked;
  return c->moved == c->file->size;
}

/* A transfer is over when the data connection has ended and the reply has come, in either order. */
static void settle(struct client *c)
{
  if (!c->drained || !c->confirmed) return;
  if (!moved_right(c)) {
    wrong++;
    fail(c, "other bytes than expected");
    return;
  }
  if (options.work == MIX) {
    say(c, LEAVING, "QUIT");
    return;
  }
  count_operation(c);
  after_operation(c);
}

/* ---------- data connections ---------- */

static void count_bytes(struct client *c, ssize_t count)
{
  c->moved += count;
  if (phase != RUNNING) return;
  c->bytes += count;
  total_bytes += count;
}

/* How much to read next, and whether it is only to be counted. A checked transfer is read and compared with the file:
 * all of a small one, a window of each stride of a large one. */
static size_t plan(const struct client *c, int *discard)
{
  *discard = 0;
  if (options.work == LIST) return CHUNK;
  int64_t within = c->moved % STRIDE, size = c->file->size;
  if (!c->checked) {
    *discard = !options.copy;
    return options.copy ? CHUNK : 4 << 20;
  }
  if (size <= WHOLE) return CHUNK;
  if (within < WINDOW) return (size_t)(WINDOW - within);
  *discard = !options.copy;
  return *discard || STRIDE - within < CHUNK ? (size_t)(STRIDE - within) : CHUNK;
}

/* Nothing more comes, and everything has been sent. */
static void part(struct client *c)
{
  hang_up(&c->data);
  c->drained = 1;
  settle(c);
}

/* Bytes that were read ahead wait for the next turn: others come first. */
static void enqueue(struct wire *w)
{
  if (w->socket < 0 || w->queued || !w->tls || !tls_pending(w->tls)) return;
  w->queued = 1;
  queue[queue_length++] = w;
}

static void receive(struct client *c)
{
  /* A record of TLS is at most 16 KiB: as much as what is read in the clear takes more turns. */
  for (int turn = 0, turns = c->data.tls ? 2 * CHUNK / RECORD : 2; turn < turns; turn++) {
    int discard;
    size_t want = plan(c, &discard);
    ssize_t got = take(&c->data, chunk, want, discard);
    if (got > 0) {
      int64_t at = c->moved;
      count_bytes(c, got);
      if (options.work == LIST) {
        for (char *p = chunk; (p = memchr(p, '\n', (size_t)(chunk + got - p))); p++) c->lines++;
      } else if (c->checked && !discard &&
                 (c->moved > c->file->size || memcmp(chunk, c->file->bytes + at, (size_t)got))) {
        wrong++;
        fail(c, "other bytes than in the file");
        return;
      }
    } else if (got == 0) {
      if (c->data.tls) tls_end(c->data.tls);
      part(c);
      return;
    } else if (errno == EAGAIN) {
      return;
    } else {
      fail(c, c->data.tls ? tls_error() : strerror(errno));
      return;
    }
  }
  enqueue(&c->data);
}

/* A socket that is closed with something unread in it, such as a ticket, takes back what it has sent: the server has to
 * end first. */
static void part_in_order(struct client *c)
{
  if (!c->data.parting) {
    /* Tickets are not taken any more once the end has been told. */
    take(&c->data, chunk, CHUNK, 0);
    if (!tls_end(c->data.tls)) return;
    shutdown(c->data.socket, SHUT_WR);
    c->data.parting = 1;
    watch(&c->data, EPOLLIN);
  }
  ssize_t got;
  do got = take(&c->data, chunk, CHUNK, 0);
  while (got > 0);
  if (got == 0 || errno != EAGAIN) part(c);
}

static ssize_t transmit_some(struct client *c)
{
  off_t at = c->moved;
  if (!c->data.tls) return sendfile(c->data.socket, c->file->descriptor, &at, STRIDE);
  int64_t left = c->file->size - c->moved;
  return put(&c->data, c->file->bytes + c->moved, left < RECORD ? (size_t)left : RECORD);
}

static void transmit(struct client *c)
{
  for (int turn = 0, turns = c->data.tls ? 4 * STRIDE / RECORD : 4; turn < turns && c->moved < c->file->size; turn++) {
    ssize_t sent = transmit_some(c);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent <= 0) {
      fail(c, c->data.tls ? tls_error() : strerror(errno));
      return;
    }
    count_bytes(c, sent);
  }
  if (c->moved < c->file->size) return;
  if (c->data.tls) part_in_order(c);
  else part(c);
}

/* What the data connection is to tell, once it is protected if it is to be. */
static void watch_data(struct client *c)
{
  if (c->data.shaking || c->data.parting) return;
  if (options.work != UPLOAD) watch(&c->data, EPOLLIN);
  else if (c->started) watch(&c->data, EPOLLOUT);
  else if (c->data.tls) watch(&c->data, EPOLLRDHUP);
}

/* One step of a handshake. */
static void shake(struct wire *w)
{
  struct client *c = w->client;
  int wanted = tls_shake(w->tls);
  if (wanted > 0) watch(w, (uint32_t)wanted);
  if (wanted > 0) return;
  if (wanted < 0) {
    fail(c, tls_error());
    return;
  }
  w->shaking = 0;
  if (phase == RUNNING) {
    handshakes[w->data]++;
    resumed[w->data] += tls_resumed(w->tls);
  }
  if (w->data) watch_data(c);
  else {
    watch(w, EPOLLIN);
    say(c, NAMED, "USER %s", options.user);
  }
  enqueue(w);
}

static void on_data(struct client *c)
{
  if (c->data.shaking) shake(&c->data);
  else if (options.work == UPLOAD && c->data.parting) part_in_order(c);
  else if (options.work == UPLOAD) transmit(c);
  else receive(c);
}

static void start_transfer(struct client *c, const char *reply)
{
  char name[1024];
  const char *at = strstr(reply, "|||");
  int port = at ? atoi(at + 3) : 0;
  if (port <= 0) {
    fail(c, reply);
    return;
  }
  if (!open_wire(&c->data, port)) {
    fail(c, why_closed());
    return;
  }
  if (options.tls) {
    secure(&c->data);
    watch(&c->data, EPOLLOUT);
  } else
    watch_data(c);
  if (options.work == UPLOAD) {
    upload_name(c, options.upload_path, name, sizeof name);
    say(c, MOVING, "STOR %s", name);
  } else
    say(c, MOVING, "%s %s", options.work == LIST ? "LIST" : "RETR", c->file->path);
}

/* ---------- replies ---------- */

static void on_reply(struct client *c, int code, const char *line)
{
  switch (c->state) {
  case GREETING:
    if (code != 220) fail(c, line);
    else if (options.tls) say(c, SECURING, "AUTH TLS");
    else say(c, NAMED, "USER %s", options.user);
    return;
  case SECURING:
    if (code != 234) {
      fail(c, line);
      return;
    }
    secure(&c->control);
    shake(&c->control);
    return;
  case NAMED:
    if (code == 331) {
      say(c, PROVED, "PASS %s", options.password);
      return;
    }
    /* fall through - some let a guest in at once */
  case PROVED:
    if (code != 230) fail(c, line);
    else if (options.work == LOGIN) say(c, LEAVING, "QUIT");
    else if (options.tls) say(c, SIZED, "PBSZ 0");
    else say(c, TYPED, "TYPE I");
    return;
  case SIZED:
    if (code == 200) say(c, PROTECTED, "PROT P");
    else fail(c, line);
    return;
  case PROTECTED:
    if (code == 200) say(c, TYPED, "TYPE I");
    else fail(c, line);
    return;
  case TYPED:
    if (code == 200) logged_in(c);
    else fail(c, line);
    return;
  case LEASED:
    if (code == 229) start_transfer(c, line);
    else fail(c, line);
    return;
  case MOVING:
    if (code >= 100 && code < 200) {
      c->started = 1;
      if (c->data.socket >= 0) watch_data(c);
    } else if (code == 226 || code == 250) {
      c->confirmed = 1;
      settle(c);
    } else
      fail(c, line);
    return;
  case ASKED:
    if (code != 200) {
      fail(c, line);
      return;
    }
    count_operation(c);
    after_operation(c);
    return;
  case LEAVING:
    if (code != 221) {
      fail(c, line);
      return;
    }
    if (c->control.tls) tls_end(c->control.tls);
    hang_up(&c->control);
    count_operation(c);
    c->state = CLOSED;
    if (phase == RUNNING) begin(c);
    return;
  default:
    fail(c, line);
  }
}

static void on_line(struct client *c, const char *line)
{
  if (strlen(line) < 3) return;
  int code = atoi(line), last = line[3] != '-';
  if (c->multiline) {
    if (code == c->multiline && line[3] == ' ') {
      c->multiline = 0;
      on_reply(c, code, line);
    }
  } else if (!last)
    c->multiline = code;
  else
    on_reply(c, code, line);
}

static void on_control(struct client *c)
{
  if (c->control.shaking) {
    shake(&c->control);
    return;
  }
  ssize_t got = take(&c->control, c->input + c->used, sizeof c->input - 1 - (size_t)c->used, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    fail(c, got == 0 ? "connection closed" : c->control.tls ? tls_error() : strerror(errno));
    return;
  }
  c->used += (int)got;
  int socket = c->control.socket, start = 0;
  char *end;
  while (c->control.socket == socket && (end = memchr(c->input + start, '\n', (size_t)(c->used - start)))) {
    *end = 0;
    if (end > c->input && end[-1] == '\r') end[-1] = 0;
    int at = start;
    start = (int)(end - c->input) + 1;
    on_line(c, c->input + at);
    /* A client that started anew has an empty buffer. */
    if (c->used == 0) return;
  }
  memmove(c->input, c->input + start, (size_t)(c->used - start));
  c->used -= start;
  if (c->used >= (int)sizeof c->input - 1) fail(c, "a line without an end");
  else enqueue(&c->control);
}

/* ---------- the loop ---------- */

static int is_busy(const struct client *c) { return c->state >= GREETING && c->state != READY; }

/* Wakes those who rest and fails those who waited too long. */
static void look_at_clock(void)
{
  uint64_t time = now();
  for (int i = 0; i < options.clients; i++) {
    struct client *c = &clients[i];
    if (c->state == RESTING && phase != OVER && time >= c->wake) {
      if (c->control.socket < 0) begin(c);
      else next(c);
    } else if (is_busy(c) && time > c->deadline)
      fail(c, "no progress");
  }
}

static void serve(struct wire *w)
{
  struct client *c = w->client;
  if (w->socket < 0) return;
  if (w->data) on_data(c);
  else on_control(c);
  /* A transfer that moves is not late. */
  if (w->data && c->state == MOVING && c->moved > 0) c->deadline = now() + seconds(options.patience);
}

static void turn(int timeout_ms)
{
  static uint64_t looked;
  struct epoll_event events[256];
  int waiting = queue_length, count = epoll_wait(poll_set, events, 256, waiting ? 0 : timeout_ms);
  for (int i = 0; i < count; i++) serve(events[i].data.ptr);
  /* What is served may get in line again, behind those who wait. */
  for (int i = 0; i < waiting; i++) {
    queue[i]->queued = 0;
    serve(queue[i]);
  }
  memmove(queue, queue + waiting, (size_t)(queue_length -= waiting) * sizeof *queue);
  uint64_t time = now();
  if (time - looked >= (options.pause_ms > 0 ? 500000u : 10000000u)) {
    looked = time;
    look_at_clock();
  }
}

/* Opens the sessions the work takes for granted, some at a time. */
static void set_up(void)
{
  uint64_t end = now() + seconds(options.setup_seconds);
  while (opened + given_up < options.clients && now() < end) {
    while (opening < options.ramp && next_to_open < options.clients) {
      opening++;
      begin(&clients[next_to_open++]);
    }
    turn(20);
  }
}

static void wait_for_line(void)
{
  char byte;
  while (read(0, &byte, 1) == 1 && byte != '\n') continue;
}

static void wait_for_end(void)
{
  char byte;
  while (read(0, &byte, 1) == 1) continue;
}

static double cpu_seconds(void)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Jain's index of what clients from..to got: 1 if all got the same, 1/n if one got all. */
static double jain(int from, int to)
{
  double sum = 0, squares = 0;
  for (int i = from; i < to; i++) {
    double share = clients[i].bytes ? (double)clients[i].bytes : (double)clients[i].operations;
    sum += share;
    squares += share * share;
  }
  return squares > 0 ? sum * sum / ((to - from) * squares) : 0;
}

/* Lets what was begun end, for a moment; large files are cut off, their bytes have been counted. */
static void drain(void)
{
  uint64_t end = now() + seconds(3);
  int busy = (options.work == DOWNLOAD || options.work == UPLOAD) && options.file.size >= STRIDE ? 0 : 1;
  while (busy && now() < end) {
    turn(20);
    busy = 0;
    for (int i = 0; i < options.clients && !busy; i++) busy = is_busy(&clients[i]);
  }
}

static void report(double elapsed, double cpu)
{
  int first = options.greedy.path ? 1 : 0;
  printf("{\"work\":\"%s\",\"clients\":%d,\"sessions\":%d,\"seconds\":%.4f,\"operations\":%lld,\"late\":%lld,"
         "\"bytes\":%lld,",
         work_names[options.work], options.clients, opened, elapsed, (long long)total_operations,
         (long long)late, (long long)total_bytes);
  printf("\"errors\":%lld,\"firstError\":\"%s\",\"checked\":%lld,\"wrong\":%lld,", (long long)errors, first_error,
         (long long)checked, (long long)wrong);
  printf("\"latencyMs\":{\"p50\":%.4f,\"p99\":%.4f,\"max\":%.4f,\"mean\":%.4f},", percentile_ms(0.50),
         percentile_ms(0.99), (double)slowest / 1e6,
         total_operations + late ? latency_sum / (double)(total_operations + late) / 1e6 : 0);
  if (options.tls)
    printf("\"handshakes\":%lld,\"resumed\":%lld,\"dataHandshakes\":%lld,\"dataResumed\":%lld,",
           (long long)handshakes[0], (long long)resumed[0], (long long)handshakes[1], (long long)resumed[1]);
  printf("\"jain\":%.4f,\"jainOrdinary\":%.4f,\"cpuShare\":%.4f,\"clientBytes\":[", jain(0, options.clients),
         jain(first, options.clients), elapsed > 0 ? cpu / elapsed : 0);
  for (int i = 0; i < options.clients && options.clients <= 256; i++)
    printf("%s%lld", i ? "," : "", (long long)clients[i].bytes);
  printf("]}\n");
  fflush(stdout);
}

static void run(void)
{
  double cpu = cpu_seconds();
  uint64_t start = now(), end = start + seconds(options.seconds);
  phase = RUNNING;
  for (int i = 0; i < options.clients; i++) {
    if (options.work == LOGIN || options.work == MIX) begin(&clients[i]);
    else if (clients[i].state == READY) next(&clients[i]);
  }
  while (now() < end && !(options.work == IDLE && total_operations + errors >= opened))
    turn(options.pause_ms > 0 ? 1 : 20);
  phase = OVER;
  double elapsed = (double)(now() - start) / 1e9, used = cpu_seconds() - cpu;
  drain();
  report(elapsed, used);
}

/* ---------- arguments ---------- */

static void load_file(struct file *file, const char *local)
{
  struct stat status;
  file->descriptor = open(local, O_RDONLY | O_CLOEXEC);
  if (file->descriptor < 0 || fstat(file->descriptor, &status) < 0) die("%s: %s", local, strerror(errno));
  file->size = status.st_size;
  if (file->size == 0) return;
  file->bytes = mmap(NULL, (size_t)file->size, PROT_READ, MAP_SHARED, file->descriptor, 0);
  if (file->bytes == MAP_FAILED) die("%s: %s", local, strerror(errno));
}

static void read_arguments(int count, char **arguments)
{
  int work = WORKS;
  for (int i = 0; count > 1 && i < WORKS; i++)
    if (!strcmp(arguments[1], work_names[i])) work = i;
  if (work == WORKS) die("usage: load download|upload|list|noop|login|mix|idle [OPTION VALUE]...");
  options.work = (enum work)work;
  for (int i = 2; i < count; i += 2) {
    const char *name = arguments[i], *value = arguments[i + 1];
    if (i + 1 >= count) die("%s: no value", name);
    if (!strcmp(name, "--host")) options.host = value;
    else if (!strcmp(name, "--port")) options.port = atoi(value);
    else if (!strcmp(name, "--user")) options.user = value;
    else if (!strcmp(name, "--password")) options.password = value;
    else if (!strcmp(name, "--clients")) options.clients = atoi(value);
    else if (!strcmp(name, "--seconds")) options.seconds = atof(value);
    else if (!strcmp(name, "--setup-seconds")) options.setup_seconds = atof(value);
    else if (!strcmp(name, "--patience")) options.patience = atof(value);
    else if (!strcmp(name, "--pause-ms")) options.pause_ms = atof(value);
    else if (!strcmp(name, "--addresses")) options.addresses = atoi(value);
    else if (!strcmp(name, "--ramp")) options.ramp = atoi(value);
    else if (!strcmp(name, "--check-every")) options.check_every = atoi(value);
    else if (!strcmp(name, "--tls")) options.tls = value;
    else if (!strcmp(name, "--cipher")) options.cipher = value;
    else if (!strcmp(name, "--resume")) options.resume = atoi(value);
    else if (!strcmp(name, "--copy")) options.copy = atoi(value);
    else if (!strcmp(name, "--path")) options.file.path = value;
    else if (!strcmp(name, "--local")) load_file(&options.file, value);
    else if (!strcmp(name, "--entries")) options.entries = atoll(value);
    else if (!strcmp(name, "--upload-path")) options.upload_path = value;
    else if (!strcmp(name, "--upload-folder")) options.upload_folder = value;
    else if (!strcmp(name, "--greedy-path")) options.greedy.path = value;
    else if (!strcmp(name, "--greedy-local")) load_file(&options.greedy, value);
    else die("unknown option %s", name);
  }
  if (options.port <= 0 || options.clients <= 0 || options.check_every <= 0 || options.addresses > 250)
    die("--port, --clients and --check-every are numbers above 0, --addresses at most 250");
}

int main(int count, char **arguments)
{
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  read_arguments(count, arguments);
  if (options.tls && !tls_init(options.tls, options.cipher)) die("no TLS %s with %s", options.tls, options.cipher);
  struct rlimit files = { .rlim_cur = MANY_FILES, .rlim_max = MANY_FILES };
  if (setrlimit(RLIMIT_NOFILE, &files) < 0 && getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }

  poll_set = epoll_create1(EPOLL_CLOEXEC);
  clients = calloc((size_t)options.clients, sizeof *clients);
  queue = calloc((size_t)options.clients * 4, sizeof(struct wire *));
  if (poll_set < 0 || !clients || !queue) die("no room for so many clients");
  for (int i = 0; i < options.clients; i++) {
    struct client *c = &clients[i];
    *c = (struct client){ .id = i, .file = &options.file };
    c->control = (struct wire){ .client = c, .socket = -1 };
    c->data = (struct wire){ .client = c, .data = 1, .socket = -1 };
    if (i == 0 && options.greedy.path) c->file = &options.greedy;
  }
  if (options.work != LOGIN && options.work != MIX) set_up();
  printf("ready %d\n", opened);
  fflush(stdout);
  wait_for_line();
  run();
  wait_for_end();
  return 0;
}
