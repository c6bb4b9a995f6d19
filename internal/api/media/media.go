// Package media holds OpenAI's routes for pictures and sound: images, speech and
// transcriptions, each served by a prediction model of the fitting type.
//
// A handler turns the form of the route into a prediction's input, waits for its end, and
// gives its output in the route's form. Its one invariant: what is charged, limited and
// kept is a prediction, like any other.
package media
