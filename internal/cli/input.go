package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// waitFor runs a read of standard input so that an interrupt ends the wait: the
// process takes signals as the end of ctx, and a read knows nothing of that. After
// an interrupt the read is left behind; the process ends with it.
func waitFor[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// readAll reads no more than limit bytes, and refuses what is longer.
func readAll(from io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("it is larger than %d KiB", limit>>10)
	}
	return text, err
}

// confirm asks a person on standard error, and reads the answer from standard
// input. done is the word for what a no leaves undone, flag the one that asks nothing.
func (s *session) confirm(ctx context.Context, question, done, flag string) error {
	_, _ = fmt.Fprint(s.Stderr, plain(question)+" [y/N] ")
	if s.answers == nil {
		s.answers = bufio.NewReader(io.LimitReader(s.Stdin, 4<<10))
	}
	answer, err := waitFor(ctx, func() (string, error) { return s.answers.ReadString('\n') })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	case "":
		if err != nil {
			return usagef("nobody answered, so nothing was %s; %s asks nothing", done, flag)
		}
	}
	return errors.New("not " + done)
}
