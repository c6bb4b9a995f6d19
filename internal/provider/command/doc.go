// Package command is to be written.
package command
