/*
 * The libcheck suites. tests/check/suite_NAME.c defines `Suite *suite_NAME(void)`; the Makefile finds it.
 */
#ifndef TESTS_CHECK_SUITES_H
#define TESTS_CHECK_SUITES_H

#include <check.h>

#define SUITE(name) Suite *suite_##name(void);
#include "suites.list"
#undef SUITE

#endif
