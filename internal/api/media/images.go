package media

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"skytower/internal/account"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/prediction"
	"skytower/internal/rawjson"
	"skytower/internal/skytells"
)

// The most files of an edit.
const (
	maxPicturesIn = 16
	maxMasks      = 1
)

// picturing is a call of one of the two routes of pictures.
type picturing struct {
	*work
	edit     bool
	stream   bool
	partials int  // of each picture, in a stream
	coded    bool // pictures stand in the answer; else their addresses do
	dryRun   bool
	asked    look
}

// look is what the caller asked of the pictures, as OpenAI's events repeat it.
type look struct{ size, quality, background string }

// generate makes pictures.
func (h *Handlers) generate(c *httpx.Call, who account.Principal) error {
	w, err := h.begin(c, who)
	if err != nil {
		return err
	}
	if w.ask, err = h.readJSON(c); err != nil {
		return err
	}
	return (&picturing{work: w}).serve()
}

// edit changes pictures.
func (h *Handlers) edit(c *httpx.Call, who account.Principal) error {
	w, err := h.begin(c, who)
	if err != nil {
		return err
	}
	defer w.drop()
	w.ask, err = h.readForm(c, who.Account, w.first, fileFields{"image": maxPicturesIn, "mask": maxMasks})
	if err != nil {
		return err
	}
	return (&picturing{work: w, edit: true}).serve()
}

func (p *picturing) serve() error {
	if err := p.named(); err != nil {
		return err
	}
	if err := p.fits(); err != nil {
		return err
	}
	if err := p.options(); err != nil {
		return err
	}
	inputs, err := p.inputs()
	if err != nil {
		return err
	}
	if p.dryRun {
		return p.quote(inputs)
	}
	if err := p.create(inputs, p.stream); err != nil {
		return err
	}
	if p.stream {
		return p.follow()
	}
	ctx, stop := p.held()
	defer stop()
	done, err := p.wait(ctx)
	if err != nil {
		return err
	}
	return p.answer(done)
}

// fits refuses a model that makes something else, or works on pictures where the route
// has none.
func (p *picturing) fits() error {
	switch {
	case p.kind() != kindImage, p.edit && !p.schema.has(pictureNames()...), !p.edit && !p.schema.has(promptNames()...):
		return p.elsewhere()
	case p.edit && len(p.ask.files["image"]) == 0 && p.ask.fields["image"].raw == nil:
		return fault.Invalid("image", "The field 'image' is required: the picture to change.")
	}
	for _, name := range [...]string{"image", "mask"} {
		for _, file := range p.ask.files[name] {
			if !strings.HasPrefix(file.file.Type, "image/") {
				return fault.Invalid(name, "The file in '%s' is %s and not a picture.", name, file.file.Type)
			}
		}
	}
	return nil
}

// options reads what is about the answer and not about the picture.
func (p *picturing) options() (err error) {
	if p.stream, err = p.ask.flag("stream"); err != nil {
		return err
	}
	if p.dryRun, err = p.ask.flag("dry_run"); err != nil {
		return err
	}
	const most = 3 // OpenAI's bound
	if p.partials, _, err = p.ask.number("partial_images", 0, most); err != nil {
		return err
	}
	usual := []string{"url", "b64_json"}
	if p.stream || givesContent(p.model.Asked) || givesContent(p.model.Model.Slug) {
		usual = []string{"b64_json", "url"}
	}
	format, err := p.ask.word("response_format", usual...)
	p.coded = format == "b64_json"
	return err
}

// givesContent reports whether clients know a model by that name as one that has no
// response_format and always answers with the pictures themselves.
func givesContent(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "gpt-image") || strings.Contains(name, "chatgpt-image")
}

// inputs are those of all predictions of the call.
func (p *picturing) inputs() ([]*input, error) {
	in := p.input()
	n, given, err := p.ask.number("n", 1, maxPictures)
	if err != nil {
		return nil, err
	}
	if err := p.content(in); err != nil {
		return nil, err
	}
	if err := in.size(&p.asked); err != nil {
		return nil, err
	}
	p.asked.quality, p.asked.background = p.ask.fields["quality"].plainText(), p.ask.fields["background"].plainText()
	for _, field := range []place{
		{"quality", nil, []string{"auto", "standard"}},
		{"style", nil, []string{"vivid"}},
		{"background", nil, []string{"auto"}},
		{"moderation", nil, []string{"auto", "low"}},
		{"input_fidelity", nil, []string{"low"}},
		{"output_compression", []string{"output_compression", "output_quality"}, []string{"100"}},
	} {
		if err := in.pass(field); err != nil {
			return nil, err
		}
	}
	if err := in.outputFormat(); err != nil {
		return nil, err
	}
	in.user()
	if p.stream && p.partials > 0 && !in.schema.open && in.schema.has("partial_images") {
		in.setNumber("partial_images", p.partials)
	}
	if err := in.rest(); err != nil {
		return nil, err
	}
	return in.spread(max(n, 1), given), nil
}

// content puts in what the picture is to show, and what it is made of. Edits need no
// prompt of a model that reads none: OpenAI's clients always send one.
func (p *picturing) content(in *input) error {
	if !p.edit {
		return in.passText("prompt", true, promptNames()...)
	}
	if err := in.passFiles("image", p.refer, pictureNames()...); err != nil {
		return err
	}
	if err := in.passFiles("mask", p.refer, "mask", "mask_image"); err != nil {
		return err
	}
	if in.schema.has(promptNames()...) {
		return in.passText("prompt", false, promptNames()...)
	}
	_, err := in.text("prompt")
	return err
}

func (in *input) outputFormat() error {
	format, err := in.text("output_format")
	if err != nil {
		return err
	}
	return in.format("output_format", format, "png", "output_format", "format", "image_format")
}

// user passes who asks to a model that wants to know it.
func (in *input) user() {
	f, ok := in.take("user")
	if name, prop := in.schema.first("user"); ok && prop != nil {
		in.set(name, f.raw)
	}
}

// countNames are what models call the number of pictures.
func countNames() []string {
	return []string{"n", "num_outputs", "num_images", "number_of_images", "num_images_per_prompt", "image_count", "count", "batch_size"}
}

// spread makes n pictures of one input: by the model's own count as far as it goes, and
// by several predictions beyond it. Those have seeds of their own where one was given:
// else they would make the same picture.
func (in *input) spread(n int, given bool) []*input {
	name, prop := in.schema.first(countNames()...)
	if prop == nil {
		return in.seeded(make([]*input, n), func(*input, int) {})
	}
	most := prop.most()
	if most == 0 {
		most = n
	}
	set := func(one *input, count int) {
		if prop.only("string") {
			one.setText(name, strconv.Itoa(count))
		} else {
			one.setNumber(name, count)
		}
	}
	if n == 1 {
		// What the model makes of itself may be more than the one picture of the route.
		if given && in.schema.open || prop.preset != nil && string(unquoted(prop.preset)) != "1" {
			set(in, 1)
		}
		return []*input{in}
	}
	left := n
	return in.seeded(make([]*input, (n+most-1)/most), func(one *input, _ int) {
		set(one, min(left, most))
		left -= min(left, most)
	})
}

// seeded fills the list with copies of the input.
func (in *input) seeded(list []*input, change func(one *input, i int)) []*input {
	for i := range list {
		list[i] = in.clone()
		if at := in.index("seed"); at >= 0 && i > 0 {
			if seed, err := strconv.ParseInt(string(in.members[at].raw), 10, 64); err == nil && seed <= math.MaxInt64-int64(i) {
				list[i].members[at].raw = strconv.AppendInt(nil, seed+int64(i), 10)
			}
		}
		change(list[i], i)
	}
	return list
}

// picture is one picture of an answer.
type picture struct {
	URL     string `json:"url,omitempty" doc:"A signed link; it needs no key."`
	B64JSON string `json:"b64_json,omitempty" doc:"The picture itself, in base64."`
}

// Pictures is the answer of the routes of pictures.
type Pictures struct {
	Created      int64     `json:"created" doc:"Unix seconds."`
	Data         []picture `json:"data"`
	Size         string    `json:"size,omitempty" doc:"As it was asked for."`
	Quality      string    `json:"quality,omitempty" doc:"As it was asked for."`
	Background   string    `json:"background,omitempty" doc:"As it was asked for."`
	OutputFormat string    `json:"output_format,omitempty" doc:"png, jpeg, webp: as the files are."`

	Usage *PictureUsage `json:"usage,omitempty" doc:"What the upstream counted, where it does."`
}

// answer sends the pictures of the predictions that succeeded.
func (p *picturing) answer(done []prediction.Record) error {
	files, err := p.pictures(done)
	if err != nil {
		return err
	}
	out := Pictures{Created: done[0].Created.Unix(), Size: p.asked.size, Quality: p.asked.quality, Background: p.asked.background, OutputFormat: formatOf(files[0].Type)}
	if out.Usage, err = p.pictureUsage(p.c.Request.Context(), done); err != nil {
		return err
	}
	room := int64(maxInline)
	for _, f := range files {
		one := picture{URL: f.URL}
		if p.coded {
			if one.B64JSON, err = p.encode(f, &room); err != nil {
				return err
			}
			one.URL = ""
		}
		out.Data = append(out.Data, one)
	}
	p.admit()
	body, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return p.c.Raw(200, "application/json", body)
}

// pictures are the files of the predictions: what is no picture among them is left out,
// unless there is nothing else.
func (p *picturing) pictures(done []prediction.Record) ([]skytells.PredictionFile, error) {
	shown, err := p.h.Predictions.Show(p.c.Request.Context(), done, p.base)
	if err != nil {
		return nil, err
	}
	var files []skytells.PredictionFile
	for _, one := range shown {
		files = append(files, ofKind(one.Metadata.Storage.Files, "image/")...)
	}
	if len(files) == 0 {
		return nil, madeNothing("picture")
	}
	return files, nil
}

// ofKind are the files of a kind, or all of them where there is none.
func ofKind(files []skytells.PredictionFile, kinds ...string) []skytells.PredictionFile {
	var out []skytells.PredictionFile
	for _, f := range files {
		for _, kind := range kinds {
			if strings.HasPrefix(f.Type, kind) {
				out = append(out, f)
				break
			}
		}
	}
	if len(out) == 0 {
		return files
	}
	return out
}

func madeNothing(what string) error {
	return &fault.Error{ID: fault.InferenceError, NoRetry: true, Message: "The model put out no " + what + "."}
}

// formatOf is a picture's format in OpenAI's words, "" where it has none.
func formatOf(kind string) string {
	switch kind {
	case "image/png", "image/jpeg", "image/webp":
		return strings.TrimPrefix(kind, "image/")
	}
	return ""
}

// size puts the size of the picture where the model wants it: as a text, as width and
// height, or as a ratio.
func (in *input) size(asked *look) error {
	text, err := in.text("size")
	if err != nil || text == "" {
		return err
	}
	asked.size = text
	name, prop := in.schema.first("size", "image_size", "resolution")
	if prop != nil && (prop.takes(text) && (in.schema.open || name == "size" || len(prop.enum) > 0)) {
		in.setText(name, text)
		return nil
	}
	width, height, ok := pixels(text)
	switch {
	case text == "auto":
		return nil
	case !ok:
		return in.ratio(text)
	}
	if star := strconv.Itoa(width) + "*" + strconv.Itoa(height); prop != nil && len(prop.enum) > 0 && prop.takes(star) {
		in.setText(name, star)
		return nil
	}
	if w, h := in.schema.props["width"], in.schema.props["height"]; w != nil && h != nil {
		in.set("width", w.fit(loose(width)))
		in.set("height", h.fit(loose(height)))
		return nil
	}
	divisor := gcd(width, height)
	err = in.ratio(strconv.Itoa(width/divisor) + ":" + strconv.Itoa(height/divisor))
	if err != nil && name == "size" {
		in.setText(name, text) // the check names the sizes that there are
		return nil
	}
	return err
}

// loose is a number as a form has it.
func loose(n int) field {
	return field{raw: rawjson.AppendQuote(nil, strconv.Itoa(n)), loose: true}
}

// ratio puts a ratio of width and height into a field for one: that of the model's own
// words which is nearest.
func (in *input) ratio(text string) error {
	name, prop := in.schema.first("aspect_ratio", "ratio", "aspect")
	want, ok := quotient(text)
	if prop == nil || !ok || in.schema.open {
		if !ok {
			return fault.Invalid("size", "The field 'size' must be auto, or width and height such as 1024x1024.")
		}
		return in.noPlace("size")
	}
	best, off := "", math.Inf(1)
	for _, word := range prop.words() {
		if is, ok := quotient(word); ok && math.Abs(math.Log(is/want)) < off {
			best, off = word, math.Abs(math.Log(is/want))
		}
	}
	const near = 0.03 // 1792x1024 is called 16:9
	switch {
	case len(prop.enum) == 0:
		best = text
	case off > near:
		return fault.Invalid("size", "The model '%s' has no size of the ratio %s; it has %s.", short(in.model), text, strings.Join(prop.words(), ", "))
	}
	in.setText(name, best)
	return nil
}

// quotient reads 16:9.
func quotient(text string) (float64, bool) {
	a, b, ok := strings.Cut(text, ":")
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return x / y, ok && err1 == nil && err2 == nil && x > 0 && y > 0 && !math.IsInf(x/y, 0) && x/y > 0
}

// pixels reads 1024x1024.
func pixels(text string) (width, height int, ok bool) {
	const most = 100_000
	a, b, _ := strings.Cut(strings.ToLower(text), "x")
	width, err1 := strconv.Atoi(a)
	height, err2 := strconv.Atoi(b)
	return width, height, err1 == nil && err2 == nil && 0 < width && width <= most && 0 < height && height <= most
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}
