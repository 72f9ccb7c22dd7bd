#include "tls.h"

#ifdef WITH_TLS

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/epoll.h>

enum { AHEAD = 64 << 10 };

static SSL_CTX *context;

/* `struct tls` is an SSL and `struct tls_session` an SSL_SESSION under names that need no header. */
static SSL *ssl_of(const struct tls *tls) { return (SSL *)tls; }

static int on_session(SSL *ssl, SSL_SESSION *session)
{
  SSL_SESSION **newest = SSL_get_app_data(ssl);
  SSL_SESSION_free(*newest);
  *newest = session;
  return 1;
}

int tls_init(const char *version, const char *cipher)
{
  int number = !strcmp(version, "1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
  context = SSL_CTX_new(TLS_client_method());
  if (!context || !SSL_CTX_set_min_proto_version(context, number) || !SSL_CTX_set_max_proto_version(context, number))
    return 0;
  if (!(number == TLS1_2_VERSION ? SSL_CTX_set_cipher_list(context, cipher)
                                 : SSL_CTX_set_ciphersuites(context, cipher)))
    return 0;
  /* The one group that older servers have too. */
  if (!SSL_CTX_set1_groups_list(context, "P-256")) return 0;
  /* Checking who the server is would be the client's work alone. */
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_read_buffer_len(context, AHEAD);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_session);
  return 1;
}

struct tls *tls_start(int socket, struct tls_session *resumed, struct tls_session **newest, int ahead)
{
  SSL *ssl = SSL_new(context);
  if (!ssl) return NULL;
  SSL_set_fd(ssl, socket);
  SSL_set_app_data(ssl, newest);
  SSL_set_read_ahead(ssl, ahead);
  SSL_set_connect_state(ssl);
  /* A connection that does not end in order spoils the session it used: it gets a copy. */
  SSL_SESSION *copy = resumed ? SSL_SESSION_dup((SSL_SESSION *)resumed) : NULL;
  if (copy) SSL_set_session(ssl, copy);
  SSL_SESSION_free(copy);
  return (struct tls *)ssl;
}

/* What a call that did not succeed comes to: -1 and errno, or 0 for the end. */
static int outcome(SSL *ssl, int result)
{
  int kind = SSL_get_error(ssl, result);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
    return -1;
  }
  if (kind == SSL_ERROR_ZERO_RETURN) return 0;
  if (kind != SSL_ERROR_SYSCALL || errno == 0) errno = EPROTO;
  return -1;
}

int tls_shake(struct tls *tls)
{
  SSL *ssl = ssl_of(tls);
  ERR_clear_error();
  errno = 0;
  int result = SSL_do_handshake(ssl);
  if (result == 1) return 0;
  int kind = SSL_get_error(ssl, result);
  return kind == SSL_ERROR_WANT_READ ? EPOLLIN : kind == SSL_ERROR_WANT_WRITE ? EPOLLOUT : -1;
}

ssize_t tls_take(struct tls *tls, char *into, size_t room)
{
  size_t got;
  ERR_clear_error();
  errno = 0;
  int result = SSL_read_ex(ssl_of(tls), into, room, &got);
  return result == 1 ? (ssize_t)got : outcome(ssl_of(tls), result);
}

ssize_t tls_put(struct tls *tls, const char *bytes, size_t count)
{
  size_t put;
  ERR_clear_error();
  errno = 0;
  int result = SSL_write_ex(ssl_of(tls), bytes, count, &put);
  return result == 1 ? (ssize_t)put : outcome(ssl_of(tls), result);
}

int tls_pending(const struct tls *tls) { return SSL_has_pending(ssl_of(tls)); }

int tls_end(struct tls *tls)
{
  ERR_clear_error();
  errno = 0;
  int result = SSL_shutdown(ssl_of(tls));
  return result >= 0 || SSL_get_error(ssl_of(tls), result) != SSL_ERROR_WANT_WRITE;
}

int tls_resumed(const struct tls *tls) { return SSL_session_reused(ssl_of(tls)); }

/* Without a close_notify the session would be spoiled, the one handed out last included. */
void tls_free(struct tls *tls)
{
  if (!tls) return;
  SSL_set_shutdown(ssl_of(tls), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_of(tls));
}

void tls_forget(struct tls_session **session)
{
  SSL_SESSION_free((SSL_SESSION *)*session);
  *session = NULL;
}

const char *tls_error(void)
{
  const char *reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason ? reason : errno ? strerror(errno) : "TLS: cut off";
}

#else

int tls_init(const char *version, const char *cipher) { return (void)version, (void)cipher, 0; }
struct tls *tls_start(int socket, struct tls_session *resumed, struct tls_session **newest, int ahead)
{
  return (void)socket, (void)resumed, (void)newest, (void)ahead, NULL;
}
int tls_shake(struct tls *tls) { return (void)tls, -1; }
ssize_t tls_take(struct tls *tls, char *into, size_t room) { return (void)tls, (void)into, (void)room, -1; }
ssize_t tls_put(struct tls *tls, const char *bytes, size_t count) { return (void)tls, (void)bytes, (void)count, -1; }
int tls_pending(const struct tls *tls) { return (void)tls, 0; }
int tls_end(struct tls *tls) { return (void)tls, 1; }
int tls_resumed(const struct tls *tls) { return (void)tls, 0; }
void tls_free(struct tls *tls) { (void)tls; }
void tls_forget(struct tls_session **session) { (void)session; }
const char *tls_error(void) { return "compiled without TLS"; }

#endif
