// Package scale proves a fleet: three API replicas and two workers as processes of the
// built program behind a load balancer, with PostgreSQL, Redis and S3-compatible storage,
// and faults on every connection between them.
//
// It refuses to know how the program is made: it sees what callers, operators, upstreams
// and receivers of webhooks see, and afterwards the books. Its invariant: what it finds
// wrong is wrong for certain. What a client cannot know, such as whether a call that broke
// was served, counts as either.
package scale
