/*
 * swap A B: exchanges two names again and again, until it is asked to stop (SIGTERM); then says how often it did, and
 * leaves both as they were.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t asked;

static void stop(int signal)
{
    (void)signal;
    asked = 1;
}

int main(int argc, char *argv[])
{
    long times = 0;

    if (argc != 3)
        return 2;
    signal(SIGTERM, stop);
    while (!asked || times % 2) {
        if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) < 0) {
            perror(argv[1]);
            return 1;
        }
        times++;
    }
    printf("%ld\n", times);
    return 0;
}
