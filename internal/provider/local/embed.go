package local

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// Limits of one embeddings call.
const (
	maxInputs     = 2048
	maxInputWords = 8192
)

// Embed answers POST /embeddings (contract 7.3) for skytower-embed-small. Usage
// counts words. Errors of the caller are *fault.Error: INVALID_PARAMETER with
// status 422 for a text that the model knows no word of.
func (p *Provider) Embed(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	if err := check(ctx, call.Model, EmbedSmall); err != nil {
		return nil, err
	}
	req, err := readEmbed(call.Body)
	if err != nil {
		return nil, err
	}
	body := append([]byte(`{"object":"list","model":`), rawjson.AppendQuote(nil, call.Show)...)
	body = append(body, `,"data":[`...)
	total := int64(0)
	for i, text := range req.texts {
		if err := ctx.Err(); err != nil {
			return nil, &provider.Error{Class: provider.Cancelled, Err: err}
		}
		vec, count, err := p.vector(text, req.name(i), req.dimensions)
		if err != nil {
			return nil, err
		}
		total += int64(count)
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"object":"embedding","index":%d,"embedding":`, i)
		body = append(req.encode(body, vec), '}')
	}
	body = fmt.Appendf(body, `],"usage":{"prompt_tokens":%d,"total_tokens":%d}}`, total, total)
	return &provider.Answer{Body: body, Usage: provider.Usage{Reported: true, Input: total}}, nil
}

// vector returns the unit vector of the text in d dimensions, and the text's
// number of words.
func (p *Provider) vector(text, param string, d int) ([]float32, int, error) {
	found := words(text)
	if len(found) > maxInputWords {
		return nil, 0, fault.Invalid(param, "'%s' has %d words; %s takes at most %d in one text. Cut it into pieces.",
			param, len(found), EmbedSmall, maxInputWords)
	}
	table, err := p.vectors()
	if err != nil {
		return nil, 0, fmt.Errorf("load %s: %w", EmbedSmall, err)
	}
	vec, ok := table.embed(found)
	if !ok || !normalise(vec[:d]) {
		return nil, 0, &fault.Error{ID: fault.InvalidParameter, Status: http.StatusUnprocessableEntity, Param: param,
			Message: fmt.Sprintf("'%s' has no word that %s knows: it knows 50,000 English words only.", param, EmbedSmall)}
	}
	return vec[:d], len(found), nil
}

// embedRequest is what Embed reads of the body.
type embedRequest struct {
	texts      []string
	list       bool // input was an array
	dimensions int
	encode     func(dst []byte, vec []float32) []byte
}

// name is the place of a text in the request, as errors name it.
func (r *embedRequest) name(i int) string {
	if !r.list {
		return "input"
	}
	return "input[" + strconv.Itoa(i) + "]"
}

func readEmbed(body *rawjson.Object) (*embedRequest, error) {
	req := &embedRequest{dimensions: dims, encode: appendFloats}
	format, set, err := body.String("encoding_format")
	switch {
	case err != nil:
		return nil, err
	case format == "base64":
		req.encode = appendBase64
	case set && format != "float":
		return nil, fault.Invalid("encoding_format", "'encoding_format' must be \"float\" or \"base64\".")
	}
	d, set, err := body.Int("dimensions")
	if err != nil {
		return nil, err
	}
	if set && (d < 1 || d > dims) {
		return nil, fault.Invalid("dimensions", "'dimensions' must be between 1 and %d for %s.", dims, EmbedSmall)
	}
	if set {
		req.dimensions = int(d)
	}
	return req, req.readInput(body)
}

func (r *embedRequest) readInput(body *rawjson.Object) error {
	raw, _ := body.Raw("input")
	switch rawjson.KindOf(raw) {
	case rawjson.KindString:
		return r.readText(raw)
	case rawjson.KindArray:
		r.list = true
	case rawjson.Missing, rawjson.KindNull:
		return fault.Invalid("input", "'input' is required: a text or an array of texts.")
	default:
		return fault.Invalid("input", "'input' must be a string or an array of strings.")
	}
	var err error
	rawjson.Elements(raw, func(value []byte) bool {
		if len(r.texts) == maxInputs {
			err = fault.Invalid("input", "'input' holds more than %d texts, the most that one call takes.", maxInputs)
		} else {
			err = r.readText(value)
		}
		return err == nil
	})
	if err == nil && len(r.texts) == 0 {
		err = fault.Invalid("input", "'input' must not be empty.")
	}
	return err
}

// readText takes one text. Numbers and arrays of them are tokens of another
// model's tokenizer: they mean nothing here, so they are not guessed at.
func (r *embedRequest) readText(raw []byte) error {
	switch rawjson.KindOf(raw) {
	case rawjson.KindString:
	case rawjson.KindNumber, rawjson.KindArray:
		return &fault.Error{ID: fault.ModelNotSupported, Param: "input",
			Message: EmbedSmall + " has no tokenizer and cannot read token ids. Send the text itself."}
	default:
		name := r.name(len(r.texts))
		return fault.Invalid(name, "'%s' must be a string.", name)
	}
	text, err := rawjson.Unquote(raw)
	if err != nil {
		return fault.Wrap(err, fault.InvalidRequest, "The input is not valid JSON.")
	}
	r.texts = append(r.texts, text)
	return nil
}

// appendFloats writes a JSON array, each number as short as float32 allows.
func appendFloats(dst []byte, vec []float32) []byte {
	dst = append(dst, '[')
	for i, v := range vec {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendFloat(dst, float64(v), 'g', -1, 32)
	}
	return append(dst, ']')
}

// appendBase64 writes a JSON string of the little-endian float32 bytes.
func appendBase64(dst []byte, vec []float32) []byte {
	raw := make([]byte, 0, 4*len(vec))
	for _, v := range vec {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	dst = append(dst, '"')
	return append(base64.StdEncoding.AppendEncode(dst, raw), '"')
}
