package inference

import (
	"encoding/binary"
	"errors"

	"skytower/internal/cache"
	"skytower/internal/provider"
)

// recording is an answer as it is kept.
type recording struct {
	usage     provider.Usage // what the answer used when it was made
	counted   bool           // by our count
	delivered int            // bytes of generated content
	stream    bool
	// body is a plain answer, or the events of a stream one after another, each a byte (1:
	// the last, which waits for the charge), and name and data behind their lengths.
	body    []byte
	tooLong bool // the events were more than may be kept, and are gone
}

// recordingVersion opens what is kept: another form is none.
const recordingVersion = 1

// Flags of a recording.
const (
	isStream = 1 << iota
	isCounted
)

var errRecording = errors.New("not a kept answer of this version")

// event takes down one event.
func (r *recording) event(final bool, name string, data []byte) {
	if r.tooLong || len(r.body)+len(name)+len(data) > cache.MostBytes {
		r.body, r.tooLong = nil, true
		return
	}
	kind := byte(0)
	if final {
		kind = 1
	}
	r.body = append(r.body, kind)
	r.body = append(binary.AppendUvarint(r.body, uint64(len(name))), name...)
	r.body = append(binary.AppendUvarint(r.body, uint64(len(data))), data...)
}

// events gives the events in their order, until one fails.
func (r *recording) events(each func(final bool, name string, data []byte) error) error {
	for rest := r.body; len(rest) > 0; {
		final := rest[0] == 1
		name, after, ok := lengthed(rest[1:])
		data, after, ok2 := lengthed(after)
		if !ok || !ok2 {
			return errRecording
		}
		if err := each(final, string(name), data); err != nil {
			return err
		}
		rest = after
	}
	return nil
}

// lengthed cuts off what stands behind its length.
func lengthed(b []byte) (part, rest []byte, ok bool) {
	n, read := binary.Uvarint(b)
	if read <= 0 || n > uint64(len(b)-read) {
		return nil, nil, false
	}
	b = b[read:]
	return b[:n], b[n:], true
}

// bytes is the recording for the cache.
func (r *recording) bytes() []byte {
	flags := byte(0)
	if r.stream {
		flags |= isStream
	}
	if r.counted {
		flags |= isCounted
	}
	b := make([]byte, 0, 2+5*binary.MaxVarintLen64+len(r.body))
	b = append(b, recordingVersion, flags)
	for _, n := range [...]int64{r.usage.Input, r.usage.Output, r.usage.Cached, r.usage.Reasoning, int64(r.delivered)} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return append(b, r.body...)
}

// readRecording reads what bytes made. It shares the bytes, and walks the events of a
// stream, so that none breaks off midway.
func readRecording(b []byte) (r recording, err error) {
	if len(b) < 2 || b[0] != recordingVersion {
		return r, errRecording
	}
	flags, rest := b[1], b[2:]
	r.stream, r.counted, r.usage.Reported = flags&isStream != 0, flags&isCounted != 0, true
	var delivered int64
	for _, n := range [...]*int64{&r.usage.Input, &r.usage.Output, &r.usage.Cached, &r.usage.Reasoning, &delivered} {
		value, read := binary.Uvarint(rest)
		if read <= 0 || value > 1<<62 {
			return recording{}, errRecording
		}
		*n, rest = int64(value), rest[read:]
	}
	r.delivered, r.body = int(delivered), rest
	if r.stream {
		err = r.events(func(bool, string, []byte) error { return nil })
	}
	return r, err
}
