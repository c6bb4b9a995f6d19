// Package cog is to be written.
package cog
