package archive

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Content is sealed by a random key of its own with AES-256-GCM, after magic; the key is
// sealed by the master key and lies in the row. So a change of the master key seals short
// keys anew and no content, and a deleted row makes the content unreadable at once. Within
// is gzip of the request's length (uvarint), the request, and the answer.
const (
	magic   = "skb1"
	keySize = 32
	// maxContent bounds what is read back: two parts that do not compress, and what stands
	// around them.
	maxContent = 2*MaxPart + 64<<10
)

var errDamaged = errors.New("the kept bodies are damaged")

func keyContext(request string) []byte { return []byte("body\n" + request) }

// seal makes content of the two bodies, and its key.
func seal(request string, body, answer []byte) (content, key []byte, err error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, nil, err
	}
	for _, part := range [][]byte{binary.AppendUvarint(nil, uint64(len(body))), body, answer} {
		if _, err := w.Write(part); err != nil {
			return nil, nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	key = make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	sealer, err := contentCipher(key)
	if err != nil {
		return nil, nil, err
	}
	return sealer.Seal([]byte(magic), nil, packed.Bytes(), []byte(request)), key, nil
}

// open gives the two bodies back.
func open(request string, content, key []byte) (body, answer []byte, err error) {
	sealer, err := contentCipher(key)
	if err != nil {
		return nil, nil, err
	}
	sealed, ok := bytes.CutPrefix(content, []byte(magic))
	if !ok {
		return nil, nil, errDamaged
	}
	packed, err := sealer.Open(nil, nil, sealed, []byte(request))
	if err != nil {
		return nil, nil, errDamaged
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, nil, errDamaged
	}
	text, err := io.ReadAll(io.LimitReader(r, maxContent))
	if err != nil {
		return nil, nil, errDamaged
	}
	length, n := binary.Uvarint(text)
	if n <= 0 || length > uint64(len(text)-n) {
		return nil, nil, errDamaged
	}
	text = text[n:]
	return text[:length], text[length:], nil
}

func contentCipher(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher of kept bodies: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
