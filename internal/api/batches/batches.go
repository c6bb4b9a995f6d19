// Package batches holds OpenAI's batch routes, over the files of /v1/files.
//
// It decodes, makes one call into package batch, and encodes.
package batches
