// Package replicate is to be written.
package replicate
