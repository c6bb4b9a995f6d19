// Package batch runs many requests of a file, one by one and at the lowest priority, and
// writes their answers to another.
//
// It knows lines, files and states; how one line is answered is a function that it is
// given. Its one invariant: each line has one answer and is charged once, whatever process
// dies on the way.
package batch
