package local

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"skytower/internal/provider"
)

const (
	// tileSide is the longest side of a tile: its planes take about 24 MB.
	tileSide = 128
	// maxWorkers bounds the processors that one picture uses.
	maxWorkers = 64
	// waiting bounds how many predictions are given to workers at a time: one computes,
	// the others read and write their pictures.
	waiting = 4
)

// The schemas of skytower-upscale-2x.
const (
	upscaleInput = `{"type":"object","title":"Input","required":["image"],"properties":{"image":{` +
		`"type":"string","format":"uri","title":"Image","x-order":0,` +
		`"description":"A PNG, JPEG or WebP picture of at most 1024 pixels on each side."}}}`
	upscaleOutput = `{"type":"array","items":{"type":"string","format":"uri"},"title":"Output",` +
		`"description":"One PNG picture, twice as wide and twice as high."}`
)

// upscaler makes pictures twice as large, one at a time: each uses all processors.
type upscaler struct {
	network func() (*network, error) // loads at the first use
	turn    chan struct{}            // has room for the one whose turn it is
	workers int
}

func newUpscaler() *upscaler {
	return &upscaler{
		network: sync.OnceValues(func() (*network, error) { return loadNetwork(upscale2x) }),
		turn:    make(chan struct{}, 1),
		workers: min(runtime.GOMAXPROCS(0), maxWorkers),
	}
}

// Predict doubles a picture with skytower-upscale-2x. Nothing is saved on the way: the
// work dies with this process, and a second try begins anew.
func (p *Provider) Predict(ctx context.Context, run *provider.Run) (*provider.Result, error) {
	if err := check(ctx, run.Model, Upscale2x); err != nil {
		return nil, err
	}
	content, err := readImage(run.Input)
	if err != nil {
		return nil, err
	}
	picture, err := decode(ctx, content, run.Show)
	if err != nil {
		return nil, err
	}
	large, took, err := p.upscaler.upscale(ctx, picture, run.Watch)
	if err != nil {
		return nil, err
	}
	out, err := encode(ctx, large)
	if err != nil {
		return nil, ended(ctx, err)
	}
	file := provider.Output{Data: out, Name: "upscaled.png", Type: "image/png"}
	return &provider.Result{Files: []provider.Output{file}, Took: took}, nil
}

// upscale waits for its turn and does the work. took is the time of the work alone.
func (u *upscaler) upscale(ctx context.Context, from *image.NRGBA, watch provider.Watcher) (to *image.NRGBA, took time.Duration, err error) {
	select {
	case u.turn <- struct{}{}:
		defer func() { <-u.turn }()
	case <-ctx.Done():
		return nil, 0, ended(ctx, nil)
	}
	began := time.Now()
	net, err := u.network()
	if err != nil {
		return nil, 0, ended(ctx, fmt.Errorf("load %s: %w", Upscale2x, err))
	}
	to = image.NewNRGBA(image.Rect(0, 0, 2*from.Rect.Dx(), 2*from.Rect.Dy()))
	job := upscaling{net: net, workers: u.workers, tile: tileSide, told: func(done float64) {
		watch.Progress(provider.Progress{Percent: 100 * done})
	}}
	if err := job.run(ctx, from, to); err != nil {
		return nil, 0, ended(ctx, err)
	}
	doubleAlpha(to, from)
	return to, time.Since(began), nil
}

// ended is the class of work that ended early: its caller's will, or a fault of ours,
// which would come again.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &provider.Error{Class: provider.Cancelled, Err: context.Cause(ctx)}
	}
	return &provider.Error{Class: provider.Failed, Message: "The picture could not be upscaled.", Err: err}
}

// rejected refuses the picture.
func rejected(format string, args ...any) error {
	const param = "input.image"
	return &provider.Error{Class: provider.Rejected, Param: param, Message: param + ": " + fmt.Sprintf(format, args...)}
}

// readImage takes the picture's content out of an input.
func readImage(input json.RawMessage) ([]byte, error) {
	var in struct {
		Image string `json:"image"`
	}
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, rejected("it must be the address of a picture.")
	}
	content, err := readDataURL(in.Image)
	switch {
	case err != nil:
		return nil, rejected("%v.", err)
	case len(content) > maxContent:
		return nil, rejected("the file is larger than %d MiB.", maxContent>>20)
	}
	return content, nil
}

// readDataURL decodes RFC 2397. The type that it states does not count: content decides.
// Both alphabets of base64 are read, with padding and without, since encoders differ.
func readDataURL(address string) ([]byte, error) {
	const scheme = "data:"
	address = strings.TrimSpace(address)
	if len(address) < len(scheme) || !strings.EqualFold(address[:len(scheme)], scheme) {
		return nil, errors.New("it must be a file that was uploaded, an address that can be fetched, or a data URL")
	}
	head, body, ok := strings.Cut(address[len(scheme):], ",")
	if !ok {
		return nil, errors.New("the data URL has no comma")
	}
	if !strings.HasSuffix(strings.ToLower(head), ";base64") {
		content, err := url.PathUnescape(body)
		if err != nil {
			return nil, errors.New("the data URL has a % that no two digits follow")
		}
		return []byte(content), nil
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(body, "-_") {
		encoding = base64.RawURLEncoding
	}
	content, err := encoding.DecodeString(strings.TrimRight(body, "=\r\n"))
	if err != nil {
		return nil, errors.New("the data URL is not base64")
	}
	return content, nil
}
