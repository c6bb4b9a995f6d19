// Package guard looks at texts that go to a model and come from it: rules of words and
// patterns, personal data, and what a moderation model says.
//
// It knows texts and verdicts, no request, no caller and no provider: a moderation model
// is a function that it is given. Its one invariant: what a guard blocks or redacts is
// never part of a text that it has let go, however the text was cut into pieces.
package guard
