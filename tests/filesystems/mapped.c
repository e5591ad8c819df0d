/*
 * mapped FOLDER MOUNTPOINT: shows FOLDER at MOUNTPOINT, and all in it as one user's, whoever made it: as an NFS server that
 * squashes its clients does, or a mount of CIFS or exFAT with uid=. Serves until it is unmounted.
 */
#include "passing.h"

int main(int argc, char **argv)
{
    passing.owner = 1234;
    return passing_serve(argc, argv);
}
