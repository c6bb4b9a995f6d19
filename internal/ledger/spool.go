package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"skytower/internal/money"
)

// The spool keeps charges while the database is away: a file a process, one line of JSON
// a batch, each on disk before its waiters hear of it. The process holds the file's lock;
// a file without one is of a process that died, and whoever finds it takes it over.
const (
	maxSpool    = 256 << 20 // bytes of one file
	spoolSuffix = ".jsonl"
	spoolRefuse = "refused.json" // what the database refused for good: for an operator
	replayEvery = 250 * time.Millisecond
	replaySaid  = time.Minute      // between two lines of the log about it
	adoptIn     = 10 * time.Second // replay at the start goes on in the background after it
)

var (
	// errSpooling is the error of what can't be written while the database is away.
	errSpooling  = errors.New("the database is away")
	errSpoolFull = errors.New("the spool is full")
)

type spool struct {
	folder, replica string

	mu         sync.Mutex
	file       *os.File // nil until there is something to spool
	path       string   // its name; file was made under another
	size, done int64    // bytes written, and of them those that are in the database
	held       map[string][][]payment
	since      time.Time // when what waits began to
	broken     bool      // the file's end can't be trusted any more

	adopted []*os.File // files of processes that died; the spool loop's
}

func newSpool(folder, replica string) *spool {
	return &spool{folder: folder, replica: replica, held: map[string][][]payment{}}
}

// active reports whether batches wait in the spool: later ones go there too, so that
// they stay in order, and nobody waits for the database.
func (s *spool) active() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size > s.done
}

// spoolLine is one line of a spool file. Sum is the CRC-32 of Batch as it stands.
type spoolLine struct {
	Sum   string          `json:"sum"`
	Batch json.RawMessage `json:"batch"`
}

type spoolBatch struct {
	ID    string        `json:"id"`
	At    int64         `json:"at"`
	Lines []spoolCharge `json:"lines"`
}

type spoolCharge struct {
	Charge Charge         `json:"charge"`
	Budget string         `json:"budget,omitempty"`
	Pay    []spoolPayment `json:"pay,omitempty"`
}

type spoolPayment struct {
	Bucket string      `json:"bucket"`
	Lease  string      `json:"lease,omitempty"`
	Amount money.Nanos `json:"amount"`
	Budget bool        `json:"budget,omitempty"`
}

// spoolBatch writes the batch to the spool, since the database is away. Its error says
// that too, so that the committer does not try each line.
func (l *Ledger) spoolBatch(b *batch, cause error) error {
	if err := l.spool.append(b); err != nil {
		l.o.Log.Error("charges could be written neither to the database nor to the spool", "lines", len(b.pending), "error", err)
		return errors.Join(errSpooling, cause, err)
	}
	b.spooled = true
	if cause != nil {
		l.o.Log.Warn("the database is away; charges go to the spool", "folder", l.o.Spool, "error", cause)
	}
	l.reportSpool()
	return nil
}

func (l *Ledger) reportSpool() {
	if l.o.OnSpool == nil {
		return
	}
	l.spool.mu.Lock()
	waits := l.spool.size - l.spool.done
	l.spool.mu.Unlock()
	l.o.OnSpool(waits)
}

// append writes one line and returns when it is on disk.
func (s *spool) append(b *batch) error {
	line, err := encodeBatch(b)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.broken:
		return errors.New("the spool can't be written to any more")
	case s.size+int64(len(line)) > maxSpool:
		return errSpoolFull
	case s.file == nil:
		if err := s.create(); err != nil {
			return fmt.Errorf("make the spool: %w", err)
		}
	}
	_, err = s.file.WriteAt(line, s.size)
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		// What was written of the line must not be followed by another.
		if cut := s.file.Truncate(s.size); cut != nil {
			s.broken = true
		}
		return fmt.Errorf("write to the spool: %w", err)
	}
	if s.size == s.done {
		s.since = time.Now()
	}
	s.size += int64(len(line))
	pays := make([][]payment, len(b.pending))
	for i, p := range b.pending {
		pays[i] = append([]payment(nil), p.pay...)
	}
	s.held[b.id] = pays
	return nil
}

// create makes the file under its lock before anybody can find it by its name.
func (s *spool) create() error {
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(s.folder, "new-*")
	if err != nil {
		return err
	}
	path := filepath.Join(s.folder, s.replica+"-"+strconv.FormatInt(time.Now().UnixMicro(), 36)+spoolSuffix)
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err == nil {
		err = syncFolder(s.folder)
	}
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	s.file, s.path = file, path
	return nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func encodeBatch(b *batch) ([]byte, error) {
	out := spoolBatch{ID: b.id, At: b.at, Lines: make([]spoolCharge, len(b.pending))}
	for i, p := range b.pending {
		out.Lines[i] = spoolCharge{Charge: p.charge, Budget: p.budget}
		for _, y := range p.pay {
			out.Lines[i].Pay = append(out.Lines[i].Pay, spoolPayment{y.bucket, y.lease, y.amount, y.budget})
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode batch %s: %w", b.id, err)
	}
	line, err := json.Marshal(spoolLine{Sum: checksum(text), Batch: text})
	if err != nil {
		return nil, fmt.Errorf("encode batch %s: %w", b.id, err)
	}
	return append(line, '\n'), nil
}

func checksum(text []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(text)) }

// decodeBatch reads one line. A line that is torn or damaged is an error.
func decodeBatch(text []byte) (*batch, error) {
	var line spoolLine
	if err := json.Unmarshal(text, &line); err != nil {
		return nil, fmt.Errorf("read a line of the spool: %w", err)
	}
	if checksum(line.Batch) != line.Sum {
		return nil, errors.New("read a line of the spool: its checksum is wrong")
	}
	var in spoolBatch
	if err := json.Unmarshal(line.Batch, &in); err != nil {
		return nil, fmt.Errorf("read a line of the spool: %w", err)
	}
	b := &batch{id: in.ID, at: in.At}
	for _, c := range in.Lines {
		p := &pending{charge: c.Charge, budget: c.Budget}
		for _, y := range c.Pay {
			p.pay = append(p.pay, payment{bucket: y.Bucket, lease: y.Lease, amount: y.Amount, budget: y.Budget})
		}
		b.pending = append(b.pending, p)
	}
	return b, nil
}

// spoolLoop brings what is spooled to the database once that is back.
func (l *Ledger) spoolLoop() {
	again := time.NewTicker(replayEvery)
	defer again.Stop()
	var said time.Time
	for {
		select {
		case <-again.C:
		case <-l.stopping.Done():
			return
		}
		err := l.replayAll(l.stopping)
		if err != nil && !l.unavailable(err) && time.Since(said) > replaySaid {
			said = time.Now()
			l.o.Log.Error("spooled charges can't be written to the database; they wait until that is mended", "folder", l.o.Spool, "error", err)
		}
	}
}

// adoptSpool takes over the files of processes that died, and replays them at once if
// the database lets it.
func (l *Ledger) adoptSpool(ctx context.Context) error {
	if err := l.spool.adopt(); err != nil {
		return fmt.Errorf("look for spooled charges: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, adoptIn)
	defer cancel()
	if err := l.replayAll(ctx); err != nil {
		l.o.Log.Warn("spooled charges are replayed later", "error", err)
	}
	return nil
}

func (s *spool) adopt() error {
	found, err := filepath.Glob(filepath.Join(s.folder, "*"+spoolSuffix))
	if err != nil {
		return err
	}
	for _, path := range found {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !owned(file, path) {
			_ = file.Close() // a living process has it, or it is gone
			continue
		}
		s.adopted = append(s.adopted, file)
	}
	return nil
}

// owned takes the file's lock, and makes sure that it is still the file of that name.
func owned(file *os.File, path string) bool {
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return false
	}
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

// replayAll replays the adopted files, then our own.
func (l *Ledger) replayAll(ctx context.Context) error {
	for len(l.spool.adopted) > 0 {
		file := l.spool.adopted[0]
		if err := l.replayFile(ctx, file); err != nil {
			return err
		}
		l.spool.adopted = l.spool.adopted[1:]
		if err := errors.Join(os.Remove(file.Name()), file.Close()); err != nil {
			return fmt.Errorf("remove a spool that was replayed: %w", err)
		}
	}
	return l.replayOwn(ctx)
}

// replayFile replays a dead process's file from its beginning: what is there already
// counts as done.
func (l *Ledger) replayFile(ctx context.Context, file *os.File) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	lines := bufio.NewReader(file)
	for {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if len(text) > 0 {
				l.o.Log.Info("the last line of a spool is torn: nobody was told that it is durable", "file", file.Name())
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", file.Name(), err)
		}
		if _, err := l.replayLine(ctx, text); err != nil {
			return err
		}
	}
}

// replayOwn replays our own file while the committer may still add to it.
func (l *Ledger) replayOwn(ctx context.Context) error {
	s := l.spool
	for {
		s.mu.Lock()
		file, from, size := s.file, s.done, s.size
		if from == size {
			err := s.rewind()
			s.mu.Unlock()
			return err
		}
		s.mu.Unlock()
		text, err := bufio.NewReader(io.NewSectionReader(file, from, size-from)).ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("read the spool: %w", err)
		}
		b, err := l.replayLine(ctx, text)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.done += int64(len(text))
		if b != nil {
			s.release(b)
		}
		s.mu.Unlock()
		l.reportSpool()
	}
}

// rewind begins the file anew when all of it is in the database.
func (s *spool) rewind() error {
	if s.size == 0 {
		return nil
	}
	if err := s.file.Truncate(0); err != nil {
		return fmt.Errorf("empty the spool: %w", err)
	}
	s.size, s.done = 0, 0
	return nil
}

// release settles what a replayed batch had taken.
func (s *spool) release(b *batch) {
	for i, pay := range s.held[b.id] {
		switch {
		case b.unclear:
			settle(pay, unknown)
		case b.pending[i].repeated:
			settle(pay, refused)
		default:
			settle(pay, written)
		}
	}
	delete(s.held, b.id)
}

// replayLine writes one batch under its own id. A line that says nothing, or that the
// database refuses for what it is, is kept apart for an operator, so that those behind it
// get through. All else waits: a right that is missing can be granted.
func (l *Ledger) replayLine(ctx context.Context, text []byte) (*batch, error) {
	b, err := decodeBatch(text)
	if err != nil {
		return nil, l.setAside(text, err)
	}
	again, err := l.replayBatch(ctx, b)
	if err == nil {
		l.clarify(b, again)
		l.noteCharges(b)
		return b, nil
	}
	if !l.db.IsRefused(err) {
		return nil, err
	}
	return b, l.replaySingly(ctx, b)
}

func (l *Ledger) replayBatch(ctx context.Context, b *batch) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	err = l.writeCharges(ctx, b)
	if l.db.IsUnique(err) {
		return true, nil
	}
	return false, err
}

// replaySingly writes the lines of a batch that was refused as batches of their own.
func (l *Ledger) replaySingly(ctx context.Context, b *batch) error {
	for i, p := range b.pending {
		one := &batch{id: b.id + "." + strconv.Itoa(i), at: b.at, pending: []*pending{p}}
		again, err := l.replayBatch(ctx, one)
		switch {
		case err == nil:
			l.clarify(one, again)
			b.unclear = b.unclear || one.unclear
		case !l.db.IsRefused(err):
			return err
		default:
			p.repeated = true // nothing was written of it
			text, _ := encodeBatch(one)
			if err := l.setAside(text, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// setAside keeps a line that can't be replayed.
func (l *Ledger) setAside(text []byte, cause error) error {
	path := filepath.Join(l.spool.folder, spoolRefuse)
	l.o.Log.Error("a spooled batch can't be written to the database; it is kept apart", "file", path, "error", cause)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keep a refused batch: %w", err)
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// close lets go of the files. Those that are done are removed.
func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	if s.file != nil {
		if s.size == s.done {
			errs = append(errs, os.Remove(s.path))
		}
		errs = append(errs, s.file.Close())
		s.file, s.broken = nil, true
	}
	for _, file := range s.adopted {
		errs = append(errs, file.Close())
	}
	s.adopted = nil
	return errors.Join(errs...)
}
