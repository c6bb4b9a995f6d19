// Package cache keeps answers for equal requests of one account, for a time, in bounded
// memory or in Redis.
//
// It knows keys and bytes, no request and no price. Its one invariant: an answer is found
// only by the whole key that it was kept under.
package cache
