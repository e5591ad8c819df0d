/*
 * timeless FOLDER MOUNTPOINT: shows FOLDER at MOUNTPOINT and keeps no times. Setting one goes well and changes nothing, as
 * on some servers: a file has the time at which it was written. Serves until it is unmounted.
 */
#include "passing.h"

int main(int argc, char **argv)
{
    passing.drops_times = true;
    return passing_serve(argc, argv);
}
