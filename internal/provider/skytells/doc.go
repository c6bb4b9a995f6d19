// Package skytells is to be written.
package skytells
