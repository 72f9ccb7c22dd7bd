/*
 * Preloaded into pure-ftpd, which takes a guest's folder from the home of the system's user `ftp`: here that user is
 * one without rights, at home in GUEST_HOME, and the system's own users stay as they are.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct passwd *getpwnam(const char *name)
{
  static struct passwd guest = { .pw_name = "ftp", .pw_passwd = "*", .pw_uid = 65534, .pw_gid = 65534,
                                 .pw_gecos = "", .pw_shell = "/usr/sbin/nologin" };
  guest.pw_dir = getenv("GUEST_HOME");
  return guest.pw_dir && !strcmp(name, "ftp") ? &guest : NULL;
}
