/*
 * solid FOLDER MOUNTPOINT: shows FOLDER at MOUNTPOINT, where a hole takes as much room as what was written: as exFAT does.
 * Serves until it is unmounted.
 */
#include "passing.h"

int main(int argc, char **argv)
{
    passing.solid = true;
    return passing_serve(argc, argv);
}
