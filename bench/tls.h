/*
 * TLS around a socket that does not block, as much of it as a client of a load generator needs. Compiled with
 * -DWITH_TLS it is OpenSSL; without, there is none, and `tls_init` says so.
 */
#ifndef TLS_H
#define TLS_H

#include <stddef.h>
#include <sys/types.h>

struct tls;
struct tls_session;

/* The only version ("1.2", "1.3") and cipher that is spoken. 0 if that cannot be. */
int tls_init(const char *version, const char *cipher);

/* A connection's TLS, before its handshake; with a session that is to be resumed, or NULL. The newest session the
 * server hands out goes to `*newest`, in place of what is there. Bytes are read ahead on connections that carry many:
 * then there may be some although the socket is empty. */
struct tls *tls_start(int socket, struct tls_session *resumed, struct tls_session **newest, int ahead);

/* 0 when the handshake is over, EPOLLIN or EPOLLOUT for what it waits for, -1 when it has failed. */
int tls_shake(struct tls *tls);

/* As recv and send; what is not about the socket is EPROTO. An end without a close_notify is an end. */
ssize_t tls_take(struct tls *tls, char *into, size_t room);
ssize_t tls_put(struct tls *tls, const char *bytes, size_t count);

/* Whether bytes are there that the socket does not know of any more. */
int tls_pending(const struct tls *tls);

/* Sends the close_notify; 0 while the socket has no room for it. */
int tls_end(struct tls *tls);
int tls_resumed(const struct tls *tls);
void tls_free(struct tls *tls);
void tls_forget(struct tls_session **session);

/* What went wrong last. */
const char *tls_error(void);

#endif
