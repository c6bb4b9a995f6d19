package price_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"skytower/internal/money"
	"skytower/internal/price"
)

// rate reads dollars of one unit.
func rate(t testing.TB, dollars, unit string) money.Nanos {
	t.Helper()
	n, err := price.ParseRate(dollars, unit)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// one is a price of so many dollars a unit.
func one(t testing.TB, dollars, unit string) *price.Price {
	t.Helper()
	p := &price.Price{Version: 3, Unit: unit}
	if r := rate(t, dollars, unit); price.IsTokens(unit) {
		p.Input, p.Output, p.Cached, p.Reasoning = r, r, r, r
	} else {
		p.Rate = r
	}
	return p
}

func quote(t testing.TB, p *price.Price, input string) price.Quote {
	t.Helper()
	q, err := p.Quote(json.RawMessage(input))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestTokens(t *testing.T) {
	t.Parallel()
	gpt5 := &price.Price{Unit: price.MillionTokens}
	gpt5.Input, gpt5.Output = rate(t, "0.50", price.MillionTokens), rate(t, "1.25", price.MillionTokens)
	gpt5.Cached, gpt5.Reasoning = rate(t, "0.05", price.MillionTokens), gpt5.Output
	withRequest := *gpt5
	withRequest.Request = 1000
	for _, c := range []struct {
		p    *price.Price
		t    price.Tokens
		want string
	}{
		{gpt5, price.Tokens{}, "0.00"},
		{gpt5, price.Tokens{In: 1_000_000, Out: 1_000_000}, "1.75"},
		{gpt5, price.Tokens{In: 1000, Out: 100}, "0.000625"},
		{gpt5, price.Tokens{In: 1000, Cached: 400, Out: 100, Reasoning: 60}, "0.000445"},
		{gpt5, price.Tokens{In: 1000, Cached: 4000}, "0.00005"}, // a part is at most its whole
		{&withRequest, price.Tokens{}, "0.000001"},
		{&withRequest, price.Tokens{In: 1, Out: 1}, "0.00000275"},
		{one(t, "0.000000000000015", price.Token), price.Tokens{In: 100_000}, "0.000000002"}, // 1.5, to the even one
		{one(t, "0.000000000000015", price.Token), price.Tokens{In: 300_000}, "0.000000004"}, // 4.5
		{one(t, "0.002", price.TokensUnit), price.Tokens{In: 1, Out: 2}, "0.006"},
		{nil, price.Tokens{In: 5}, "0.00"},
	} {
		got, err := c.p.Tokens(c.t)
		if err != nil || got.String() != c.want {
			t.Errorf("%+v of %+v: %s, %v; want %s", c.t, c.p, got, err, c.want)
		}
	}
	for _, bad := range []price.Tokens{{In: -1}, {Out: -1}, {In: math.MaxInt64, Out: math.MaxInt64}} {
		huge := one(t, "9000000000", price.MillionTokens)
		if _, err := huge.Tokens(bad); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("%+v: %v, want an overflow", bad, err)
		}
	}
}

// Not parallel: it counts what the process allocates.
func TestTokensAllocatesNothing(t *testing.T) {
	p := one(t, "0.5", price.MillionTokens)
	if n := testing.AllocsPerRun(100, func() { _, _ = p.Tokens(price.Tokens{In: 1000, Cached: 10, Out: 100, Reasoning: 5}) }); n != 0 {
		t.Errorf("Tokens allocates %v times", n)
	}
}

// Every unit word of contract 12, with the documented sample prices among them.
func TestEveryUnit(t *testing.T) {
	t.Parallel()
	m := price.Measure{
		Outputs: 3, Seconds: 11_000_000, Compute: 7_500_000, OutputMegapixels: 2_097_152, InputMegapixels: 500_000,
		Tokens: price.Tokens{In: 1000, Out: 500},
	}
	covered := map[string]bool{}
	for _, c := range []struct {
		dollars, unit string
		quantity      int64
		want          string
	}{
		{"0.03", "image", 3_000_000, "0.09"}, // truefusion
		{"0.03", "video", 3_000_000, "0.09"},
		{"0.03", "audio", 3_000_000, "0.09"},
		{"1.12", "prediction", 1_000_000, "1.12"},        // lumo
		{"0.196", "second", 11_000_000, "2.156"},         // truefusion-video-pro
		{"0.008", "computing_second", 7_500_000, "0.06"}, // truefusion-optima
		{"0.20", "video_second", 11_000_000, "2.20"},
		{"0.001", "audio_second", 11_000_000, "0.011"},
		{"0.6", "minute", 183_333, "0.1099998"}, // 11 s to the nearest millionth
		{"0.25", "5 seconds", 3_000_000, "0.75"},
		{"0.001", "gpu", 7_500_000, "0.0075"},
		{"0.01", "megapixel", 2_097_152, "0.02097152"},
		{"0.01", "image_megapixel", 2_097_152, "0.02097152"},
		{"0.000001", "token", 0, "0.0015"},
		{"0.000001", "tokens", 0, "0.0015"},
		{"2", "million_token", 0, "0.003"},
	} {
		covered[c.unit] = true
		p := one(t, c.dollars, c.unit)
		got, err := quote(t, p, `{}`).Charge(m)
		if err != nil || got.Amount.String() != c.want || got.Quantity != c.quantity || got.Unit != c.unit || got.Version != 3 {
			t.Errorf("%s a %s: %+v (%s), %v; want %d and %s", c.dollars, c.unit, got, got.Amount, err, c.quantity, c.want)
		}
		p.Request = rate(t, "0.5", price.Prediction)
		more, err := quote(t, p, `{}`).Charge(m)
		if err != nil || more.Amount != got.Amount+p.Request {
			t.Errorf("%s with a price of each request: %s, %v", c.unit, more.Amount, err)
		}
	}
	for _, unit := range price.Units() {
		if !covered[unit] {
			t.Errorf("%s is not tried", unit)
		}
	}
}

func TestBlocksOfFiveSecondsAreRoundedUp(t *testing.T) {
	t.Parallel()
	q := quote(t, one(t, "1", price.FiveSeconds), `{}`)
	for seconds, want := range map[int64]int64{1: 1, 4_999_999: 1, 5_000_000: 1, 5_000_001: 2, 10_000_000: 2, 61_000_000: 13} {
		got, err := q.Charge(price.Measure{Outputs: 1, Seconds: seconds})
		if err != nil || got.Quantity != want*1_000_000 || got.Amount != money.Nanos(want)*money.Dollar {
			t.Errorf("%d: %+v, %v; want %d blocks", seconds, got, err, want)
		}
	}
}

func TestCriteria(t *testing.T) {
	t.Parallel()
	p := one(t, "0.20", price.VideoSecond)
	p.Criteria = []price.Criterion{
		{Field: "resolution", Value: `"1080p"`, Rate: 350_000_000, Unit: price.VideoSecond},
		{Field: "resolution", Value: `"4k"`, Rate: 2 * money.Dollar, Unit: price.Prediction},
		{Field: "fast", Value: `true`, Rate: 1, Unit: price.Second},
		{Field: "steps", Value: `5`, Rate: 2, Unit: price.Second},
		{Field: "size", Value: `{"w":1,"h":[2,3]}`, Rate: 3, Unit: price.Second},
		{Field: "none", Value: `null`, Rate: 4, Unit: price.Second},
		{Field: "text", Value: `"é"`, Rate: 5, Unit: price.Second},
		{Field: "steps", Value: `6`, Rate: 7, Unit: price.MillionTokens},
		{Field: "steps", Value: `7`, Rate: 0, Unit: price.Token},
	}
	for input, want := range map[string]struct {
		unit string
		rate money.Nanos
	}{
		`{}`: {price.VideoSecond, 200_000_000}, `{"resolution":"720p"}`: {price.VideoSecond, 200_000_000},
		`{"resolution":"1080P"}`:                 {price.VideoSecond, 200_000_000},
		`{"resolution":["1080p"]}`:               {price.VideoSecond, 200_000_000},
		`{"resolution":"1080p"}`:                 {price.VideoSecond, 350_000_000},
		`{"fast":true,"resolution":"1080p"}`:     {price.VideoSecond, 350_000_000}, // the first of the list wins
		`{"resolution":"4k"}`:                    {price.Prediction, 2 * money.Dollar},
		`{"fast":true}`:                          {price.Second, 1},
		`{"fast":"true"}`:                        {price.VideoSecond, 200_000_000},
		`{"steps":5.0}`:                          {price.Second, 2},
		`{"steps":0.5e1}`:                        {price.Second, 2},
		`{"steps":500e-2}`:                       {price.Second, 2},
		`{"steps":"5"}`:                          {price.VideoSecond, 200_000_000},
		`{"steps":5000000000000000000000000001}`: {price.VideoSecond, 200_000_000},
		`{"steps":-5}`:                           {price.VideoSecond, 200_000_000},
		`{"steps":5e999999999999}`:               {price.VideoSecond, 200_000_000},
		`{"size":{"h":[2.0,3],"w":1}}`:           {price.Second, 3},
		`{"size":{"h":[2,3]}}`:                   {price.VideoSecond, 200_000_000},
		`{"size":{"h":[3,2],"w":1}}`:             {price.VideoSecond, 200_000_000},
		`{"none":null}`:                          {price.Second, 4},
		`{"text":"\u00e9"}`:                      {price.Second, 5},
		`{"steps":6}`:                            {price.MillionTokens, 7},
		`{"steps":7}`:                            {price.Prediction, 0},
		`[]`:                                     {price.VideoSecond, 200_000_000},
	} {
		if got := quote(t, p, input); got.Unit != want.unit || got.Rate != want.rate {
			t.Errorf("%s: %s at %s, want %s at %s", input, got.Unit, got.Rate, want.unit, want.rate)
		}
	}
	got, err := quote(t, p, `{"steps":6}`).Charge(price.Measure{Outputs: 1, Tokens: price.Tokens{In: 2_000_000, Out: 1_000_000, Cached: 5}})
	if err != nil || got.Amount != 21 {
		t.Errorf("tokens of a criterion: %+v, %v", got, err)
	}
}

func TestFormula(t *testing.T) {
	t.Parallel()
	p := &price.Price{Version: 9, Unit: price.Megapixel, Request: 1_000_000, Formula: &price.Formula{Terms: []price.Term{
		{Of: price.OfInput, Rate: rate(t, "0.015", price.Megapixel)}, {Of: price.OfOutput, Rate: rate(t, "0.03", price.Megapixel)},
	}}, Criteria: []price.Criterion{{Field: "a", Value: "1", Rate: 5, Unit: price.Image}}}
	q := quote(t, p, `{"a":1,"images":["https://h/1.png","data:image/png;base64,AAAA"],"width":1000,"height":2000}`)
	if want := "0.091"; q.Estimate.String() != want || q.Unit != price.Megapixel {
		t.Errorf("estimate %s, want %s", q.Estimate, want)
	}
	c, err := q.Charge(price.Measure{Outputs: 1, InputMegapixels: 1_500_000, OutputMegapixels: 2_000_000})
	want := price.Charge{Amount: 83_500_000, Quantity: 2_000_000, Unit: price.Megapixel, Version: 9, Input: 1_500_000}
	if diff := cmp.Diff(want, c); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	lines := []price.Line{
		{What: "megapixels of inputs", Quantity: "1.5", Unit: "megapixel", Rate: "0.015", Amount: "0.0225"},
		{What: "megapixels of outputs", Quantity: "2", Unit: "megapixel", Rate: "0.03", Amount: "0.06"},
		{What: "request", Quantity: "1", Unit: "request", Rate: "0.001", Amount: "0.001"},
	}
	if diff := cmp.Diff(lines, p.Explain(c)); diff != "" {
		t.Error(diff)
	}
}

func TestEstimates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ unit, input, want string }{
		{"image", `{}`, "1.00"}, {"image", `{"num_outputs":4}`, "4.00"}, {"image", `{"n":2,"num_images":"3"}`, "3.00"},
		{"image", `{"number_of_images":0}`, "1.00"}, {"image", `{"n":-5}`, "1.00"}, {"image", `{"n":1e99}`, "10000.00"},
		{"image", `{"n":true}`, "1.00"}, {"image", `null`, "1.00"}, {"image", `broken`, "1.00"},
		{"prediction", `{"n":7}`, "1.00"},
		{"second", `{}`, "10.00"}, {"video_second", `{"duration":8}`, "8.00"}, {"second", `{"seconds":"12"}`, "12.00"},
		{"second", `{"duration":"5s"}`, "5.00"}, {"second", `{"duration":"short"}`, "10.00"}, {"second", `{"length":2.5,"n":2}`, "5.00"},
		{"second", `{"num_frames":81,"fps":16}`, "5.0625"}, {"second", `{"num_frames":81,"fps":0}`, "10.00"},
		{"second", `{"duration":1e30}`, "86400.00"}, {"audio_second", `{}`, "60.00"}, {"minute", `{"duration":90}`, "1.50"},
		{"5 seconds", `{"duration":6}`, "2.00"}, {"computing_second", `{"duration":5}`, "60.00"}, {"gpu", `{}`, "60.00"},
		{"megapixel", `{}`, "1.00"}, {"megapixel", `{"width":1024,"height":"2048","num_outputs":2}`, "4.194304"},
		{"megapixel", `{"width":1024}`, "1.00"}, {"megapixel", `{"size":"1536x1024"}`, "1.572864"}, {"megapixel", `{"size":"auto"}`, "1.00"},
		{"image_megapixel", `{"image_size":{"width":2000,"height":2000}}`, "4.00"}, {"megapixel", `{"resolution":"2K"}`, "4.194304"},
		{"megapixel", `{"resolution":"1080p"}`, "2.0736"}, {"megapixel", `{"resolution":"0.5 MP"}`, "0.50"},
		{"megapixel", `{"megapixels":"0.25"}`, "0.25"}, {"megapixel", `{"scale":4}`, "16.00"}, {"megapixel", `{"scale":1e9}`, "256.00"},
		{"megapixel", `{"width":1e300,"height":1e300}`, "100000.00"},
		{"token", `{"max_tokens":100}`, "106.00"}, {"tokens", `{"prompt":"abcdef"}`, "8198.00"},
		{"token", `{"max_new_tokens":100,"image":"data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, "1711.00"},
	} {
		if got := quote(t, one(t, "1", c.unit), c.input); got.Estimate.String() != c.want {
			t.Errorf("%s of %s: %s, want %s", c.unit, c.input, got.Estimate, c.want)
		}
	}
	held := one(t, "1", price.Image)
	held.Hold = 7
	q := quote(t, held, `{"n":2}`)
	if c, err := q.Expected(); q.Estimate != 7 || err != nil || c.Amount != 2*money.Dollar {
		t.Errorf("a hold of the price's own: %s; expected %+v, %v", q.Estimate, c, err)
	}
	if _, err := one(t, "9000000000", price.Image).Quote(json.RawMessage(`{"n":10000}`)); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("an amount beyond all: %v", err)
	}
}

func TestWhatCouldNotBeMeasuredIsNotZero(t *testing.T) {
	t.Parallel()
	q := quote(t, one(t, "1", price.Second), `{"duration":8,"n":2}`)
	for _, c := range []struct {
		m    price.Measure
		want string
	}{
		{price.Measure{Outputs: 1}, "8.00"}, {price.Measure{Outputs: 2}, "16.00"}, {price.Measure{}, "0.00"},
		{price.Measure{Outputs: 2, Seconds: 1_000_000}, "1.00"},
	} {
		if got, err := q.Charge(c.m); err != nil || got.Amount.String() != c.want {
			t.Errorf("%+v: %s, %v; want %s", c.m, got.Amount, err, c.want)
		}
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	some := price.Measure{Outputs: 1, Seconds: 2_000_000, Compute: 5_000_000}
	begun := price.Measure{Compute: 5_000_000}
	for _, c := range []struct {
		unit  string
		how   price.OnCancel
		m     price.Measure
		shown bool
		want  string
	}{
		{"image", price.None, some, true, "0.00"}, {"gpu", price.None, begun, false, "0.00"},
		{"image", price.Used, begun, false, "0.00"}, {"image", price.Used, some, true, "1.10"},
		{"prediction", price.Used, begun, false, "0.00"}, {"prediction", price.Used, some, true, "1.10"},
		{"gpu", price.Used, begun, false, "5.10"}, {"computing_second", "", begun, false, "5.10"}, {"gpu", price.Used, price.Measure{}, false, "0.00"},
		{"second", price.Used, begun, false, "0.00"}, {"second", price.Used, some, true, "2.10"},
		{"image", price.Full, begun, false, "4.10"}, {"image", price.Full, price.Measure{Outputs: 6}, true, "6.10"},
		{"gpu", price.Full, begun, false, "60.10"}, {"gpu", price.Full, price.Measure{Compute: 90_000_000}, false, "90.10"},
	} {
		p := one(t, "1", c.unit)
		p.OnCancel, p.Request = c.how, 100_000_000
		got, err := quote(t, p, `{"n":4}`).Cancelled(c.m, c.shown)
		if err != nil || got.Amount.String() != c.want {
			t.Errorf("%s, %s, shown %v: %s, %v; want %s", c.unit, c.how, c.shown, got.Amount, err, c.want)
		}
		if lines := p.Explain(got); (got.Amount == 0) != (len(lines) == 0) {
			t.Errorf("%s, %s: %s is explained by %+v", c.unit, c.how, got.Amount, lines)
		}
	}
}

func TestAQuoteSurvivesItsRow(t *testing.T) {
	t.Parallel()
	p := &price.Price{Version: 2, Unit: price.MillionTokens, Input: 1, Output: 2, Cached: 3, Reasoning: 4, Request: 5, OnCancel: price.Full}
	for _, p := range []*price.Price{p, {Formula: &price.Formula{Terms: []price.Term{{Of: price.OfInput, Rate: 7}}}}, one(t, "0.03", price.Image)} {
		q := quote(t, p, `{"n":3,"prompt":"something"}`)
		text, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		var again price.Quote
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(q, again); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dollars, unit string
		want          money.Nanos
		again         string
	}{
		{"0.03", "image", 30_000_000, "0.03"}, {"1", "image", money.Dollar, "1"}, {"0", "image", 0, "0"}, {"0.000000001", "image", 1, "0.000000001"},
		{"0.500000000000", "million_token", 500_000_000, "0.5"}, {"9223372036.854775807", "image", math.MaxInt64, "9223372036.854775807"},
		{"0.000000000000001", "token", 1, "0.000000000000001"}, {"0.0000005", "tokens", 500_000_000, "0.0000005"}, {"2", "token", 2_000_000 * money.Dollar, "2"},
	} {
		got, err := price.ParseRate(c.dollars, c.unit)
		if err != nil || got != c.want || price.FormatRate(got, c.unit) != c.again {
			t.Errorf("%s a %s: %d, %v, written %s", c.dollars, c.unit, got, err, price.FormatRate(got, c.unit))
		}
	}
	for _, bad := range []struct{ dollars, unit string }{
		{"0.0000000001", "image"}, {"-1", "image"}, {"9223372036.854775808", "image"}, {"", "image"}, {"x", "image"}, {"1e3", "image"},
		{"0.0000000000000001", "token"}, {"9224", "token"}, {"-0.000001", "token"},
	} {
		if got, err := price.ParseRate(bad.dollars, bad.unit); err == nil {
			t.Errorf("%q a %s was read as %d", bad.dollars, bad.unit, got)
		}
	}
}

func TestExplanationsReadWell(t *testing.T) {
	t.Parallel()
	gpt5 := &price.Price{Unit: price.MillionTokens, Input: 500_000_000, Cached: 50_000_000, Output: 1_250_000_000, Reasoning: 1_250_000_000, Request: 10}
	want := []price.Line{
		{What: "input tokens", Quantity: "600", Unit: "token", Rate: "0.0000005", Amount: "0.0003"},
		{What: "cached input tokens", Quantity: "400", Unit: "token", Rate: "0.00000005", Amount: "0.00002"},
		{What: "output tokens", Quantity: "100", Unit: "token", Rate: "0.00000125", Amount: "0.000125"},
		{What: "request", Quantity: "1", Unit: "request", Rate: "0.00000001", Amount: "0.00000001"},
	}
	if diff := cmp.Diff(want, gpt5.ExplainTokens(price.Tokens{In: 1000, Cached: 400, Out: 100})); diff != "" {
		t.Error(diff)
	}
	c, err := quote(t, one(t, "0.20", price.VideoSecond), `{}`).Charge(price.Measure{Outputs: 1, Seconds: 5_250_000})
	if err != nil {
		t.Fatal(err)
	}
	want = []price.Line{{What: "duration of outputs", Quantity: "5.25", Unit: "video_second", Rate: "0.2", Amount: "1.05"}}
	if diff := cmp.Diff(want, one(t, "0.20", price.VideoSecond).Explain(c)); diff != "" {
		t.Error(diff)
	}
	other := price.Charge{Amount: money.Dollar, Quantity: 1_000_000, Unit: price.Prediction, Rate: money.Dollar}
	want = []price.Line{{What: "charge", Quantity: "1", Unit: "request", Rate: "1", Amount: "1"}}
	if diff := cmp.Diff(want, gpt5.Explain(other)); diff != "" {
		t.Error(diff)
	}
	less := price.Charge{Amount: 44_501, Unit: price.MillionTokens, Tokens: price.Tokens{In: 1000, Cached: 400, Out: 100}}
	want = append(gpt5.ExplainTokens(less.Tokens), price.Line{What: price.Reduction, Quantity: "1", Unit: "request", Rate: "-0.000400509", Amount: "-0.000400509"})
	if diff := cmp.Diff(want, gpt5.Explain(less)); diff != "" {
		t.Error(diff)
	}
	if lines := (*price.Price)(nil).ExplainTokens(price.Tokens{In: 5}); lines != nil {
		t.Errorf("what is free is explained by %+v", lines)
	}
}

// The property of the whole room: what explains a charge adds up to it, rounded once.
func TestExplanationsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPrice(t)
		tokens := anyTokens(t)
		amount, err := p.Tokens(tokens)
		checkSum(t, p.ExplainTokens(tokens), amount, err)
		share, err := p.ShareOfTokens(tokens, rapid.Int64Range(0, 10_000).Draw(t, "share"))
		if share > 0 { // of nothing, nothing is explained
			checkSum(t, p.Explain(price.Charge{Amount: share, Unit: price.MillionTokens, Tokens: tokens}), share, err)
		}
		q, err := p.Quote(json.RawMessage(rapid.SampledFrom([]string{`{}`, `{"f":1}`, `{"f":2,"n":3}`, `{"f":3,"image":"https://h"}`}).Draw(t, "input")))
		if err != nil {
			if !errors.Is(err, money.ErrOverflow) {
				t.Fatal(err)
			}
			return
		}
		expected, err := q.Expected()
		checkSum(t, p.Explain(expected), expected.Amount, err)
		m := price.Measure{
			Outputs: rapid.Int64Range(0, 100).Draw(t, "outputs"), Seconds: rapid.Int64Range(0, 1<<40).Draw(t, "seconds"),
			Compute: rapid.Int64Range(0, 1<<40).Draw(t, "compute"), OutputMegapixels: rapid.Int64Range(0, 1<<40).Draw(t, "made"),
			InputMegapixels: rapid.Int64Range(0, 1<<40).Draw(t, "given"), Tokens: tokens,
		}
		c, err := q.Charge(m)
		checkSum(t, p.Explain(c), c.Amount, err)
		c, err = q.Cancelled(m, rapid.Bool().Draw(t, "shown"))
		checkSum(t, p.Explain(c), c.Amount, err)
	})
}

func anyTokens(t *rapid.T) price.Tokens {
	count := rapid.Int64Range(0, 1<<34)
	return price.Tokens{In: count.Draw(t, "in"), Out: count.Draw(t, "out"), Cached: count.Draw(t, "cached"), Reasoning: count.Draw(t, "reasoning")}
}

func anyPrice(t *rapid.T) *price.Price {
	rates := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 1000), rapid.Int64Range(0, 1<<40))
	rate := func(name string) money.Nanos { return money.Nanos(rates.Draw(t, name)) }
	unit := rapid.SampledFrom(price.Units())
	p := &price.Price{
		Unit: unit.Draw(t, "unit"), Request: rate("request"),
		OnCancel: rapid.SampledFrom([]price.OnCancel{"", price.None, price.Used, price.Full}).Draw(t, "on_cancel"),
	}
	if price.IsTokens(p.Unit) {
		p.Input, p.Output, p.Cached, p.Reasoning = rate("input"), rate("output"), rate("cached"), rate("reasoning")
	} else {
		p.Rate = rate("rate")
	}
	if rapid.Bool().Draw(t, "formula") {
		p.Formula = &price.Formula{Terms: []price.Term{{Of: price.OfInput, Rate: rate("a")}, {Of: price.OfOutput, Rate: rate("b")}, {Of: price.OfOutput, Rate: rate("c")}}}
		p.Unit = price.Megapixel
		return p
	}
	for _, value := range []string{"1", "2"} {
		p.Criteria = append(p.Criteria, price.Criterion{Field: "f", Value: value, Unit: unit.Draw(t, "another unit"), Rate: rate("another rate")})
	}
	return p
}

// checkSum adds the lines with fractions, and rounds once, half to even.
func checkSum(t *rapid.T, lines []price.Line, amount money.Nanos, err error) {
	sum := new(big.Rat)
	for _, l := range lines {
		product := new(big.Rat).Mul(rational(t, l.Quantity), rational(t, l.Rate))
		if product.Cmp(rational(t, l.Amount)) != 0 {
			t.Fatalf("%+v: the amount is not the product", l)
		}
		sum.Add(sum, product)
	}
	sum.Mul(sum, new(big.Rat).SetInt64(int64(money.Dollar)))
	want := roundHalfEven(sum)
	if err != nil {
		if errors.Is(err, money.ErrOverflow) && !want.IsInt64() {
			return
		}
		t.Fatalf("%v, though the amount is %s", err, want)
	}
	if !want.IsInt64() || want.Int64() != int64(amount) {
		t.Fatalf("%+v add up to %s, and %d is charged", lines, want, amount)
	}
}

func rational(t *rapid.T, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok || strings.ContainsAny(text, "eE/") {
		t.Fatalf("%q is no decimal number", text)
	}
	return r
}

func roundHalfEven(r *big.Rat) *big.Int {
	quotient, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	switch c := new(big.Int).Mul(rest, big.NewInt(2)).Cmp(r.Denom()); {
	case c > 0, c == 0 && quotient.Bit(0) == 1:
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient
}

// Whatever a caller sends, a quote is made, and is not negative.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"f":1}`, `{"n":"1e5","duration":"5 s","width":1e9,"height":-1,"size":"9x9","scale":2.5}`, `{"size":{"width":"7"},"fps":0.5,"frames":3}`,
		`{"f":[{"a":null}],"resolution":"99999999999999999999p","megapixels":1e-300}`, `[[`, `"x"`, `{"max_tokens":1e18}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		for _, unit := range price.Units() {
			p := one(t, "0.5", unit)
			p.Criteria = []price.Criterion{{Field: "f", Value: input, Rate: 1, Unit: price.Image}, {Field: "f", Value: "1", Rate: 2, Unit: price.Image}}
			q, err := p.Quote(json.RawMessage(input))
			if err != nil || q.Estimate < 0 {
				t.Fatalf("%s of %q: %+v, %v", unit, input, q, err)
			}
		}
	})
}
