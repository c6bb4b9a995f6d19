package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
)

const (
	// speechPiece is how much of a sound one event of a stream holds, in bytes. It is a
	// multiple of three, so that only the last piece is padded.
	speechPiece = 24 << 10
	// typeRoom is how much of a sound's beginning tells its type.
	typeRoom = 1 << 10
)

// speech is a sound on its way to the caller: as it is made, so far as this process hears
// it, and then the rest of the file. What was sent is the beginning of that file, or the
// answer breaks off.
type speech struct {
	*work
	ear    prediction.Ear
	events *events       // nil: the body is the file itself
	body   *httpx.Pieces // nil: it has not begun
	waits  []byte        // heard and not sent yet
	kind   string        // that the upstream states
	heard  int64         // bytes
	sum    hash.Hash     // of what was heard
}

// spoken sends the sound.
func (w *work) spoken(ear prediction.Ear, stream bool) error {
	ctx, stop := w.held()
	defer stop()
	s := &speech{work: w, ear: ear, sum: sha256.New()}
	if !stream {
		return s.serve(ctx)
	}
	s.events = w.events()
	return s.events.end(s.serve(ctx))
}

func (s *speech) serve(ctx context.Context) error {
	rec, err := s.listen(ctx)
	if err != nil {
		return err
	}
	file, err := s.sound(rec)
	if err != nil {
		return err
	}
	stored, content, err := s.open(ctx, file)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // only read
	if s.events == nil && s.body == nil {
		s.begin(stored.Type)
		return s.c.Content("", time.Time{}, content)
	}
	return s.rest(content)
}

// listen sends what is heard until the prediction has ended, well or not.
func (s *speech) listen(ctx context.Context) (prediction.Record, error) {
	ctx, stop := context.WithCancel(ctx)
	type end struct {
		done []prediction.Record
		err  error
	}
	over := make(chan end, 1)
	go func() { // ends with ctx at the latest, and is waited for
		done, err := s.wait(ctx)
		over <- end{done, err}
	}()
	for {
		select {
		case e := <-over:
			stop()
			if e.err != nil {
				return prediction.Record{}, e.err
			}
			return e.done[0], nil
		case <-s.ear.News():
			s.goesOn.Store(true)
			if err := s.hear(); err != nil {
				stop()
				<-over
				return prediction.Record{}, err
			}
		}
	}
}

// hear takes what came, and sends what may go.
func (s *speech) hear() error {
	var piece []byte
	piece, s.kind = s.ear.Take()
	s.heard += int64(len(piece))
	s.sum.Write(piece)
	return s.send(piece)
}

// send sends the next bytes, but for those that wait for more.
func (s *speech) send(piece []byte) error {
	s.waits = append(s.waits, piece...)
	if s.events != nil {
		return s.deltas(len(s.waits) / 3 * 3)
	}
	if s.body == nil && len(s.waits) < typeRoom {
		return nil
	}
	return s.flush()
}

// flush sends all that waits, as a part of the body.
func (s *speech) flush() error {
	if s.body == nil {
		s.begin(blob.TypeOf(s.waits, s.kind))
		s.body = s.c.Pieces()
	}
	err := s.body.Send(s.waits)
	s.waits = s.waits[:0]
	return err
}

// begin sets the headers of a body that is the file.
func (s *speech) begin(kind string) {
	s.admit()
	s.c.Header().Set("Content-Type", kind)
	s.c.Header().Set("X-Content-Type-Options", "nosniff")
}

// SpeechEvent is one event of a stream of speech.
type SpeechEvent struct {
	Type  string `json:"type" enum:"speech.audio.delta,speech.audio.done"`
	Audio string `json:"audio,omitempty" doc:"Of a delta: the next piece of the file, in base64."`
}

// deltas sends n bytes of what waits, in events.
func (s *speech) deltas(n int) error {
	rest := s.waits[n:]
	for sent := s.waits[:n]; len(sent) > 0; {
		piece := sent[:min(len(sent), speechPiece)]
		e := SpeechEvent{Type: "speech.audio.delta", Audio: base64.StdEncoding.EncodeToString(piece)}
		if err := s.events.send(e.Type, e); err != nil {
			return err
		}
		sent = sent[len(piece):]
	}
	s.waits = append(s.waits[:0], rest...)
	return nil
}

// rest sends what was not heard of the file, and the end.
func (s *speech) rest(content io.Reader) error {
	if err := s.skip(content); err != nil {
		return err
	}
	piece := make([]byte, speechPiece)
	for {
		n, err := io.ReadFull(content, piece)
		if failed := s.send(piece[:n]); failed != nil {
			return failed
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return s.finish()
		case err != nil:
			return fmt.Errorf("read the file of prediction %s: %w", s.recs[0].ID, err)
		}
	}
}

// skip reads what was heard already. Another beginning can't be taken back.
func (s *speech) skip(content io.Reader) error {
	sum := sha256.New()
	_, err := io.CopyN(sum, content, s.heard)
	if errors.Is(err, io.EOF) || err == nil && !bytes.Equal(sum.Sum(nil), s.sum.Sum(nil)) {
		return &fault.Error{ID: fault.InferenceError, NoRetry: true, Message: "The model made another sound than it had begun with: fetch the prediction's file."}
	}
	return err
}

func (s *speech) finish() error {
	if s.events == nil {
		if len(s.waits) == 0 {
			return nil
		}
		return s.flush()
	}
	if err := s.deltas(len(s.waits)); err != nil {
		return err
	}
	return s.events.send("speech.audio.done", SpeechEvent{Type: "speech.audio.done"})
}

// sound is the file that a prediction made.
func (w *work) sound(rec prediction.Record) (skytells.PredictionFile, error) {
	shown, err := w.h.Predictions.Show(w.c.Request.Context(), []prediction.Record{rec}, w.base)
	if err != nil {
		return skytells.PredictionFile{}, err
	}
	files := ofKind(shown[0].Metadata.Storage.Files, "audio/", "video/")
	if len(files) == 0 {
		return skytells.PredictionFile{}, madeNothing("sound")
	}
	return files[0], nil
}
