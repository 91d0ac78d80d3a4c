/* The system calls that the loop's thread may make. */
#ifndef RONDA_LANE_FILTER_H
#define RONDA_LANE_FILTER_H

int filter_this_thread(void); /* for good, and for threads that it starts; -1 = the kernel refused */

#endif
