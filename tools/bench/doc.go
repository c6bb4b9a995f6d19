// Command bench compares Skytower with Go's own httputil.ReverseProxy, in one run on one machine.
//
// It starts a mock upstream, the reference proxy and the Skytower server, each as a process of its own, and lets a
// lean load generator (one more process) call them in turns: every round visits every target for about a second, so
// that whatever else the machine does falls on all of them alike. Figures are medians over the rounds; a ratio is the
// median of the rounds' own ratios.
//
// What it measures, per target: CPU time per request (and per chunk of a stream), requests per second, latency,
// memory per open stream, and failures. Every answer is checked; a failed one is counted and never measured.
//
// CPU time is the process's own clock, clock_gettime on the clock id of another process: nanoseconds of all
// threads, ended ones included. /proc/PID/stat holds the same sum, but in ticks of 10 ms. A server that works after
// it has answered (Skytower writes its request log in the background) is watched until that work is done, so it can't
// hide it; the time that passes meanwhile does not count as load.
//
// It knows nothing of Skytower's inside: it uses the server's command line and its HTTP surface, as anyone would.
package main
