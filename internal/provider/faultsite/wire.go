package faultsite

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"time"
)

// Wire are the faults of connections, heads and framing.
func Wire() []Fault {
	return []Fault{
		{Name: "sound", serve: func(c *call) { c.sound() }},
		{Name: "refuse", nowhere: true},
		{Name: "close-unread", unread: true, serve: func(*call) {}},
		{Name: "close", serve: func(*call) {}},
		{Name: "reset", serve: (*call).reset},
		{Name: "hang", serve: (*call).hang},
		{Name: "half-a-head", serve: func(c *call) { c.say("HTTP/1.1 200 OK\r\nContent-Ty") }},
		{Name: "half-a-head-hang", serve: func(c *call) { c.say("HTTP/1.1 200 OK\r\nContent-Ty"); c.hang() }},
		{Name: "garbage", serve: func(c *call) { c.say("\x00\xff\xfeSSH-2.0-no\r\n\r\n") }},
		{Name: "tls", serve: func(c *call) { c.say("\x15\x03\x01\x00\x02\x02\x46") }},
		{Name: "huge-head", serve: func(c *call) { c.sound("X-Pad: " + strings.Repeat("x", 80<<10)) }},
		{Name: "two-lengths", serve: func(c *call) { c.sound(length(3), length(4)) }},
		{Name: "length-and-coding", serve: func(c *call) { c.say(head(200, typeJSON, length(5), inChunks) + chunk(c.Whole) + lastChunk) }},
		{Name: "interim", serve: func(c *call) { c.say(head(100) + head(103, "Link: </x>")); c.sound() }},
		{Name: "interim-hang", serve: func(c *call) { c.say(head(100)); c.hang() }},
		{Name: "interim-flood", serve: func(c *call) { c.say(strings.Repeat(head(100), 40)); c.sound() }},
		{Name: "switch", serve: func(c *call) { c.say(head(101, "Upgrade: websocket", "Connection: Upgrade")) }},
		{Name: "early", large: true, serve: func(c *call) { c.sound(); c.stay() }},
		{Name: "early-413", large: true, serve: func(c *call) { c.refuse(http.StatusRequestEntityTooLarge, plainError); c.stay() }},
		{Name: "no-content", serve: func(c *call) { c.say(head(http.StatusNoContent, lastOne)) }},
		{Name: "empty", serve: func(c *call) { c.say(document(200, "", typeJSON)) }},
		{Name: "gzip", serve: func(c *call) { c.zip(false) }},
		{Name: "gzip-cut", serve: func(c *call) { c.zip(true) }},
		{Name: "gzip-false", serve: func(c *call) { c.sound(zipped) }},
		{Name: "coding-unknown", serve: func(c *call) { c.sound("Content-Encoding: br") }},
		{Name: "drip", serve: (*call).drip},
	}
}

// Cuts are the ends before the end, and the silences.
func Cuts() []Fault {
	return []Fault{
		{Name: "hang-at-start", serve: func(c *call) { c.begin(); c.hang() }},
		{Name: "hang-midway", serve: func(c *call) { c.half(); c.hang() }},
		{Name: "cut-at-start", serve: (*call).begin},
		{Name: "cut-before-output", serve: func(c *call) { c.before() }},
		{Name: "cut-midway", serve: (*call).half},
		{Name: "reset-midway", serve: func(c *call) { c.half(); c.reset() }},
		{Name: "cut-within-event", serve: (*call).cutChunk},
		{Name: "cut-before-last-chunk", serve: func(c *call) { c.uncounted(); c.say(strings.TrimSuffix(c.framed(), lastChunk)) }},
		{Name: "length-too-short", serve: (*call).tooShort},
		{Name: "end-midway", serve: func(c *call) { c.half(); c.say(lastChunk) }},
	}
}

// begin sends a head that promises an answer.
func (c *call) begin() {
	if c.streamed() {
		c.events(nil)
		return
	}
	c.say(head(http.StatusOK, typeJSON, length(len(c.Whole)), lastOne))
}

// before sends what comes before the first output.
func (c *call) before() {
	if c.streamed() {
		c.events(c.Events[:c.First-1])
		return
	}
	c.say(head(http.StatusOK, typeJSON, length(len(c.Whole)), lastOne) + c.Whole[:1])
}

// framed is the sound answer in chunks.
func (c *call) framed() string {
	if c.streamed() {
		return chunks(c.Events) + lastChunk
	}
	return chunk(c.Whole) + lastChunk
}

// uncounted is the head of an answer in chunks.
func (c *call) uncounted() {
	kind := typeJSON
	if c.streamed() {
		kind = typeEvents
	}
	c.say(head(http.StatusOK, kind, inChunks, lastOne))
}

// cutChunk ends within a chunk: for a stream in the event after the first output.
func (c *call) cutChunk() {
	c.uncounted()
	if !c.streamed() {
		c.say(chunk(c.Whole)[:len(c.Whole)/2])
		return
	}
	next := c.Events[c.First]
	c.say(chunks(c.Events[:c.First]) + chunk(next)[:len(next)/2])
}

// tooShort promises less than it sends.
func (c *call) tooShort() {
	if !c.streamed() {
		c.say(head(200, typeJSON, length(len(c.Whole)/2), lastOne) + c.Whole)
		return
	}
	first := strings.Join(c.Events[:c.First], "")
	c.say(head(200, typeEvents, length(len(first)), lastOne) + strings.Join(c.Events, ""))
}

// zip sends the answer in gzip's coding, nobody having asked for it; cut ends it midway.
func (c *call) zip(cut bool) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	parts, kind := []string{c.Whole[:len(c.Whole)/2], c.Whole[len(c.Whole)/2:]}, typeJSON
	if c.streamed() {
		parts, kind = []string{strings.Join(c.Events[:c.First], ""), strings.Join(c.Events[c.First:], "")}, typeEvents
	}
	_, _ = io.WriteString(z, parts[0])
	_ = z.Flush()
	if !cut {
		_, _ = io.WriteString(z, parts[1])
		_ = z.Close()
	}
	c.say(head(http.StatusOK, kind, zipped, inChunks, lastOne) + chunk(b.String()))
	if !cut {
		c.say(lastChunk)
	}
}

// Drip is how long each of Drips pauses of a dripping answer takes, so that it takes
// longer as a whole than a bound on silence that none of them reaches.
const (
	Drip  = 20 * time.Millisecond
	Drips = 64
)

// drip sends the sound answer byte by byte, with pauses.
func (c *call) drip() {
	_ = c.conn.SetNoDelay(true)
	c.uncounted()
	text := c.framed()
	for i := range len(text) {
		c.say(text[i : i+1])
		if i%(len(text)/Drips) == 0 {
			c.pause(Drip)
		}
	}
}
