package developer

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/skytells"
)

const (
	batchesOnPage = 50
	// mostChoices bounds the files that the form of a new batch offers: the newest ones.
	mostChoices = 200
)

// Rights are what a key of an account may do now, for an act in its name.
type Rights func(ctx context.Context, account, key string) (account.Principal, error)

func (p *Pages) batchRows() []desk.Row {
	return []desk.Row{
		listed(get("/batches", p.batches), watch, "Batches"), get("/batches/new", p.newBatch), post("/batches", p.makeBatch),
		get("/batches/{id}", p.batch), post("/batches/{id}/cancel", p.cancelBatch),
	}
}

// shownBatch is a batch with what a page says of it.
type shownBatch struct {
	skytells.Batch
	Created      time.Time
	Done         int64 // lines with an answer or an error
	Percent      int
	Live, MayEnd bool
}

func showBatch(b skytells.Batch, acts bool) shownBatch {
	s := shownBatch{Batch: b, Created: time.Unix(b.CreatedAt, 0), Done: b.RequestCounts.Completed + b.RequestCounts.Failed, Live: !b.Ended()}
	if b.RequestCounts.Total > 0 {
		s.Percent = int(100 * s.Done / b.RequestCounts.Total)
	}
	s.MayEnd = acts && (b.Status == "validating" || b.Status == "in_progress")
	return s
}

type batchesView struct {
	Batches       []shownBatch
	After, Next   string
	Live, MayMake bool
}

// batches lists them, newest first.
func (p *Pages) batches(d *desk.Desk) error {
	v := batchesView{After: d.Query("after"), MayMake: does(d, account.Inference)}
	list, err := d.V1.BatchesAfter(d.Ctx(), v.After, batchesOnPage)
	if err != nil {
		return p.refused(d, "Batches", err)
	}
	for _, b := range list.Data {
		s := showBatch(b, v.MayMake)
		v.Live = v.Live || s.Live
		v.Batches = append(v.Batches, s)
	}
	if list.HasMore && list.LastID != nil {
		v.Next = "/batches?" + queryOf("after", *list.LastID)
	}
	return p.show(d, "batches", "Batches", v, "developer/live.js")
}

// batchStep is one moment of a batch's life.
type batchStep struct {
	What string
	At   time.Time
	Took string // since the moment before
}

// batchFile is a file of a batch; Link is "" where it is gone.
type batchFile struct {
	What, ID, Name, Link string
	Size                 int64
	Until                *time.Time
}

type batchView struct {
	shownBatch
	Steps    []batchStep
	Files    []batchFile
	Metadata []stat
}

// batch shows one.
func (p *Pages) batch(d *desk.Desk) error {
	b, err := d.V1.Batch(d.Ctx(), d.Request.PathValue("id"))
	if err != nil {
		return p.refused(d, "Batch", err)
	}
	v := batchView{shownBatch: showBatch(b, does(d, account.Inference)), Steps: batchSteps(b)}
	for name, value := range b.Metadata {
		v.Metadata = append(v.Metadata, stat{Label: name, Value: value})
	}
	slices.SortFunc(v.Metadata, func(a, b stat) int { return strings.Compare(a.Label, b.Label) })
	input := b.InputFileID
	for _, f := range []struct {
		what string
		id   *string
	}{{"Answers", b.OutputFileID}, {"Failures", b.ErrorFileID}, {"Input", &input}} {
		if f.id == nil {
			continue
		}
		file, err := fileOf(d, f.what, *f.id)
		if err != nil {
			return err
		}
		v.Files = append(v.Files, file)
	}
	return p.show(d, "batch", "Batch "+b.ID, v, "developer/live.js")
}

// fileOf finds a file of a batch, if it is there still.
func fileOf(d *desk.Desk, what, id string) (batchFile, error) {
	out := batchFile{What: what, ID: id}
	f, err := d.V1.File(d.Ctx(), id)
	switch {
	case notThere(err):
		return out, nil
	case err != nil:
		return out, err
	}
	out.Name, out.Size, out.Link = f.Filename, f.Bytes, f.URLs.Get
	if f.ExpiresAt != nil {
		at := time.Unix(*f.ExpiresAt, 0)
		out.Until = &at
	}
	return out, nil
}

func batchSteps(b skytells.Batch) []batchStep {
	steps := []batchStep{{What: "Created", At: time.Unix(b.CreatedAt, 0)}}
	for _, s := range []struct {
		what string
		at   *int64
	}{{"Lines begun", b.InProgressAt}, {"Cancelled by somebody", b.CancellingAt}, {"Lines ended", b.FinalizingAt}, {"Completed", b.CompletedAt}, {"Failed", b.FailedAt},
		{"Expired", b.ExpiredAt}, {"Ended", b.CancelledAt}} {
		if s.at == nil {
			continue
		}
		at := time.Unix(*s.at, 0)
		steps = append(steps, batchStep{s.what, at, ui.Duration(at.Sub(steps[len(steps)-1].At))})
	}
	return steps
}

func (p *Pages) cancelBatch(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	b, err := d.V1.CancelBatch(d.Ctx(), id)
	switch {
	case err != nil:
		return p.sayAt(d, err, "/batches/"+url.PathEscape(id))
	case b.Status == "finalizing":
		d.Note("warn", "All of its lines are done already.")
	default:
		d.Note("good", "No further line is begun. Those in flight get their answers.")
	}
	return d.Redirect("/batches/" + url.PathEscape(id))
}

// batchForm is what people typed about a new batch.
type batchForm struct {
	File, Lines, Endpoint, Window, Key, Once string
	Files, Endpoints, Windows, Keys          []ui.Choice
}

func (p *Pages) newBatch(d *desk.Desk) error {
	if !does(d, account.Inference) {
		return p.tell(d, "Batches", "Your role in this account ("+string(d.Seat.Role)+") makes no calls, and so no batches.")
	}
	return p.showNewBatch(d, batchForm{File: d.Query("file"), Endpoint: "/v1/chat/completions", Window: "24h", Once: rand.Text()})
}

func (p *Pages) showNewBatch(d *desk.Desk, f batchForm) (err error) {
	if f.Keys, err = p.batchKeys(d); err != nil {
		return err
	}
	if f.Files, err = batchInputs(d); err != nil {
		return p.refused(d, "Batches", err)
	}
	f.Endpoints = []ui.Choice{{Value: "/v1/chat/completions", Label: "/v1/chat/completions"}, {Value: "/v1/responses", Label: "/v1/responses"},
		{Value: "/v1/messages", Label: "/v1/messages"}, {Value: "/v1/embeddings", Label: "/v1/embeddings"}}
	f.Windows = []ui.Choice{{Value: "1h", Label: "an hour"}, {Value: "6h", Label: "6 hours"}, {Value: "24h", Label: "a day"}, {Value: "3d", Label: "3 days"}, {Value: "7d", Label: "7 days"}}
	return p.show(d, "batchnew", "New batch", f, "developer/batch.js")
}

// batchKeys are the seat's keys that may make batches.
func (p *Pages) batchKeys(d *desk.Desk) ([]ui.Choice, error) {
	all, err := p.everyKey(d)
	if err != nil {
		return nil, err
	}
	var out []ui.Choice
	now := time.Now()
	for _, k := range all {
		if desk.KeyState(k, now) == "active" && slices.Contains(k.Scopes, account.Inference.String()) {
			out = append(out, ui.Choice{Value: k.ID, Label: cmp.Or(k.Name, k.Masked)})
		}
	}
	return out, nil
}

// batchInputs are the uploaded files that are for batches, the newest first.
func batchInputs(d *desk.Desk) ([]ui.Choice, error) {
	files, err := d.V1.Files(d.Ctx())
	if err != nil {
		return nil, err
	}
	out := []ui.Choice{{Value: "", Label: "None: the lines below"}}
	for _, f := range files {
		if f.Purpose == "batch" && len(out) <= mostChoices {
			out = append(out, ui.Choice{Value: f.ID, Label: fmt.Sprintf("%s, %s, %s", f.Filename, ui.Bytes(f.Bytes), time.Unix(f.CreatedAt, 0).UTC().Format("2 Jan 15:04"))})
		}
	}
	return out, nil
}

// makeBatch makes one in the name of a key that the person chose of his own: lines run with
// its rights, and are charged to its budget.
func (p *Pages) makeBatch(d *desk.Desk) error {
	f := batchForm{File: d.Value("file"), Lines: strings.TrimSpace(d.Value("lines")), Endpoint: d.Value("endpoint"), Window: d.Value("window"), Key: d.Value("key"), Once: d.Value("once")}
	b, err := p.createBatch(d, &f)
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showNewBatch(d, f)
	}
	d.Note("good", "The batch is made. Its file is read first.")
	return d.Redirect("/batches/" + url.PathEscape(b.ID))
}

func (p *Pages) createBatch(d *desk.Desk, f *batchForm) (b skytells.Batch, err error) {
	keys, err := p.batchKeys(d)
	if err != nil {
		return b, err
	}
	if !slices.ContainsFunc(keys, func(k ui.Choice) bool { return k.Value == f.Key }) {
		return b, fault.Invalid("key", "Choose one of your keys that may make calls.")
	}
	rights, err := p.o.Rights(d.Ctx(), d.Seat.Account, f.Key)
	if err != nil {
		return b, err
	}
	as, err := d.As(rights)
	if err != nil {
		return b, err
	}
	switch {
	case f.File == "" && f.Lines == "":
		return b, fault.Invalid("file", "Choose a file, or write the lines.")
	case f.File == "":
		file, err := d.V1.UploadFile(d.Ctx(), "lines.jsonl", "batch", strings.NewReader(f.Lines+"\n"), int64(len(f.Lines)+1))
		if err != nil {
			return b, err
		}
		f.File, f.Lines = file.ID, ""
	}
	return as.CreateBatch(d.Ctx(), skytells.BatchRequest{InputFileID: f.File, Endpoint: f.Endpoint, CompletionWindow: f.Window, IdempotencyKey: f.Once})
}
