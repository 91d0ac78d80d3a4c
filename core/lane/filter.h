/* The system calls that the loop's thread may make. */
#ifndef RONDA_LANE_FILTER_H
#define RONDA_LANE_FILTER_H

int filter_this_thread(void); /* for good, and for threads that it starts; -1 = the kernel refused */
int filter_refused(void);     /* why it would (errno), tried in a thread that ends with it; 0 = it would not */

#endif
