package llama

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// File is what the header of a GGUF file says.
type File struct {
	Version      int
	Architecture string // such as llama
	Name         string // the model's, as its makers call it; may be ""
	Context      int64  // tokens that it was trained for; 0: not said
	Template     bool   // there is a chat template
	Pooling      bool   // it says how to make one vector of a text: made for embeddings
	Tensors      int64
	Parts        int64 // files that the model consists of; 0 and 1: this one
	Size         int64 // bytes of the file
}

// Bounds of a header: what no real file needs more of.
const (
	maxPairs      = 1 << 16
	maxTensors    = 1 << 20
	maxHeader     = 512 << 20 // bytes
	maxKey        = 1 << 16
	maxText       = 64 << 20
	maxArrayDepth = 4
	keptText      = 4096 // bytes of a text that is kept
)

// ReadGGUF reads the header of a file.
func ReadGGUF(path string) (File, error) {
	file, err := os.Open(path)
	if err != nil {
		return File{}, unpathed(err)
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return File{}, unpathed(err)
	}
	if !info.Mode().IsRegular() {
		return File{}, errors.New("it is not a file")
	}
	f, err := readHeader(file)
	f.Size = info.Size()
	return f, err
}

// readHeader reads GGUF's header (ggml's docs/gguf.md): a magic number, a version, how many
// tensors and pairs there are, and the pairs of names and values.
func readHeader(from io.Reader) (File, error) {
	r := &headerReader{in: bufio.NewReaderSize(io.LimitReader(from, maxHeader), 64<<10)}
	var magic [4]byte
	r.bytes(magic[:])
	if r.err != nil || string(magic[:]) != "GGUF" {
		return File{}, errors.New("it is not a GGUF file")
	}
	version := r.u32()
	switch {
	case r.err != nil:
		return File{}, r.failure()
	case version == 1:
		return File{}, errors.New("it is of version 1 of GGUF, which llama.cpp does not read any more")
	case version&0xffff == 0:
		return File{}, errors.New("it is written for big-endian machines")
	case version < 2 || version > 3:
		return File{}, fmt.Errorf("it is of version %d of GGUF, which is not known here", version)
	}
	f := File{Version: int(version)}
	tensors, pairs := r.u64(), r.u64()
	if r.err == nil && (tensors > maxTensors || pairs > maxPairs) {
		return f, fmt.Errorf("its header is broken: it has %d tensors and %d pairs", tensors, pairs)
	}
	f.Tensors = int64(tensors & math.MaxInt64)
	for range pairs {
		if r.err != nil {
			break
		}
		key := r.text(maxKey)
		f.take(key, r.value())
	}
	switch {
	case r.err != nil:
		return f, r.failure()
	case f.Architecture == "":
		return f, errors.New("its header does not name the model's architecture")
	case f.Tensors == 0:
		return f, errors.New("it holds no weights")
	}
	return f, nil
}

// take keeps what counts. A text or a number is given, or nil.
func (f *File) take(key string, value any) {
	text, _ := value.(string)
	number, _ := value.(int64)
	switch key {
	case "general.architecture":
		f.Architecture = text
	case "general.name":
		f.Name = text
	case "tokenizer.chat_template":
		f.Template = text != ""
	case "split.count":
		f.Parts = number
	}
	switch {
	case strings.HasSuffix(key, ".context_length"):
		f.Context = number
	case strings.HasSuffix(key, ".pooling_type"):
		f.Pooling = number > 0 && number < 4 // 0 is none, 4 ranks
	}
}

// headerReader reads little-endian values until the first error.
type headerReader struct {
	in  *bufio.Reader
	err error
}

func (r *headerReader) failure() error {
	if errors.Is(r.err, io.EOF) || errors.Is(r.err, io.ErrUnexpectedEOF) {
		return errors.New("its header ends too early: the file is cut off")
	}
	return fmt.Errorf("its header is broken: %w", r.err)
}

func (r *headerReader) bytes(to []byte) {
	if r.err == nil {
		_, r.err = io.ReadFull(r.in, to)
	}
}

func (r *headerReader) skip(n uint64) {
	for n > 0 && r.err == nil {
		step := min(n, 1<<30)
		_, r.err = r.in.Discard(int(step))
		n -= step
	}
}

func (r *headerReader) u32() uint32 {
	var b [4]byte
	r.bytes(b[:])
	return binary.LittleEndian.Uint32(b[:])
}

func (r *headerReader) u64() uint64 {
	var b [8]byte
	r.bytes(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// text reads a text of at most so many bytes, and keeps the beginning.
func (r *headerReader) text(most uint64) string {
	n := r.u64()
	if r.err == nil && n > most {
		r.err = fmt.Errorf("a text of %d bytes", n)
	}
	if r.err != nil {
		return ""
	}
	kept := make([]byte, min(n, keptText))
	r.bytes(kept)
	r.skip(n - uint64(len(kept)))
	return strings.ToValidUTF8(string(kept), "\uFFFD")
}

// The types of values.
const (
	typeBool, typeText, typeArray    = 7, 8, 9
	typeU32, typeI32, typeF32        = 4, 5, 6
	typeU64, typeI64, typeF64        = 10, 11, 12
	typeU8, typeI8, typeU16, typeI16 = 0, 1, 2, 3
)

// sizeOf is how many bytes a value takes; 0: that is not fixed, or there is no such type.
func sizeOf(kind uint32) uint64 {
	switch kind {
	case typeU8, typeI8, typeBool:
		return 1
	case typeU16, typeI16:
		return 2
	case typeU32, typeI32, typeF32:
		return 4
	case typeU64, typeI64, typeF64:
		return 8
	}
	return 0
}

// value reads a value: a text, a whole number as int64, or nil for all others.
func (r *headerReader) value() any {
	switch kind := r.u32(); kind {
	case typeText:
		return r.text(maxText)
	case typeU32:
		return int64(r.u32())
	case typeI32:
		return int64(int32(r.u32()))
	case typeU64, typeI64:
		return int64(r.u64() & math.MaxInt64)
	case typeU16, typeI16:
		var b [2]byte
		r.bytes(b[:])
		return int64(binary.LittleEndian.Uint16(b[:]))
	case typeArray:
		r.array(0)
	default:
		r.scalar(kind)
	}
	return nil
}

func (r *headerReader) scalar(kind uint32) {
	size := sizeOf(kind)
	if r.err == nil && size == 0 {
		r.err = fmt.Errorf("a value of the type %d", kind)
	}
	r.skip(size)
}

func (r *headerReader) array(depth int) {
	kind, count := r.u32(), r.u64()
	switch size := sizeOf(kind); {
	case r.err != nil:
	case size > 0:
		if count > maxHeader {
			r.err = fmt.Errorf("a list of %d values", count)
			return
		}
		r.skip(count * size)
	case kind == typeText:
		for n := uint64(0); n < count && r.err == nil; n++ {
			size := r.u64()
			if size > maxText {
				r.err = fmt.Errorf("a text of %d bytes", size)
				return
			}
			r.skip(size)
		}
	case kind == typeArray && depth < maxArrayDepth:
		for n := uint64(0); n < count && r.err == nil; n++ {
			r.array(depth + 1)
		}
	default:
		r.err = fmt.Errorf("a list of the type %d", kind)
	}
}
