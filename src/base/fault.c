#include "base/fault.h"

#include <errno.h>
#include <stdint.h>
#include <sys/statvfs.h>

#define ROOM (1u << 20)         /* bytes free on a disk that is not full */

static bool has_room(int fd)
{
    struct statvfs st;

    return fstatvfs(fd, &st) == 0 && (uint64_t)st.f_bavail * st.f_frsize >= ROOM;
}

bool fault_refuses_attribute(int errnum, int fd)
{
    switch (errnum) {
    case EPERM:
    case EACCES:
    case EOPNOTSUPP:
    case ENOSYS:
    case EINVAL:
    case EOVERFLOW:             /* an owner that the mount cannot name */
    case E2BIG:
    case ERANGE:
    case ENAMETOOLONG:
    case ENODATA:
        return true;
    case ENOSPC:
    case EDQUOT:
        return has_room(fd);
    default:
        return false;
    }
}

bool fault_refuses_kind_of_attribute(int errnum)
{
    return errnum == E2BIG || errnum == ERANGE || errnum == EOPNOTSUPP || errnum == ENAMETOOLONG;
}

bool fault_refuses_link(int errnum)
{
    switch (errnum) {
    case EPERM:
    case EACCES:
    case EOPNOTSUPP:
    case ENOSYS:
    case EINVAL:
    case EMLINK:
    case EXDEV:
        return true;
    default:
        return false;
    }
}

bool fault_refuses_call(int errnum) { return errnum == EINVAL || errnum == ENOSYS || errnum == EOPNOTSUPP; }

bool fault_refuses_kind(int errnum)
{
    switch (errnum) {
    case EPERM:
    case EIO:
    case ENOSYS:
    case EOPNOTSUPP:
    case EINVAL:
    case ENODEV:
    case ENXIO:
        return true;
    default:
        return false;
    }
}

bool fault_is_grave(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EIO:
    case ENODEV:
    case ENXIO:
    case ENOTCONN:
    case ESHUTDOWN:
    case EHOSTDOWN:
    case ETIMEDOUT:
    case EREMOTEIO:
        return true;
    default:
        return false;
    }
}
