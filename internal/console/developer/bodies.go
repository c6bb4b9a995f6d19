package developer

import (
	"bytes"
	"encoding/json"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/skytells"
)

// bodiesSlack is how much earlier a request may come by the log than by its bodies.
const bodiesSlack = time.Minute

// bodyRoutes are the routes whose bodies may be kept.
func bodyRoutes() []string {
	return []string{"/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings"}
}

// keptBodies says what is kept of the account; nil: the role does not see it.
func keptBodies(d *desk.Desk) (*skytells.KeptBodies, error) {
	if !sees(d, account.UsageRead) {
		return nil, nil
	}
	kept, err := d.V1.MyKeptBodies(d.Ctx())
	if err != nil {
		return nil, err
	}
	return &kept, nil
}

type bodiesView struct {
	skytells.Bodies
	MayDelete bool
}

// bodies shows the kept bodies of a request, as text.
func (p *Pages) bodies(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	if d.Seat.Member == "" { // who looks at somebody's account leaves no trace in it
		return p.tell(d, "Bodies", "Operators read kept bodies by the admin API, which notes it in the audit trail: GET /admin/v1/requests/"+id+"/bodies.")
	}
	kept, err := d.V1.MyBodies(d.Ctx(), id)
	if err != nil {
		return p.refused(d, "Bodies", err)
	}
	kept.RequestBody = readable(kept.RequestBody)
	if !kept.Streamed {
		kept.AnswerBody = readable(kept.AnswerBody)
	}
	return p.show(d, "bodies", "Bodies of "+id, bodiesView{kept, does(d, account.UsageRead|account.Inference)})
}

// readable makes JSON readable; anything else stays.
func readable(text string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(text), "", "  ") != nil {
		return text
	}
	return out.String()
}

func (p *Pages) deleteBodies(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	if _, err := d.V1.DeleteMyBodies(d.Ctx(), id); err != nil {
		return p.sayAt(d, err, "/requests/"+id)
	}
	d.Note("good", "The bodies are deleted.")
	return d.Redirect("/requests/" + id)
}

func (p *Pages) deleteAllBodies(d *desk.Desk) error {
	if _, err := d.V1.DeleteAllMyBodies(d.Ctx()); err != nil {
		return p.sayAt(d, err, "/settings")
	}
	d.Note("good", "All kept bodies are deleted.")
	return d.Redirect("/settings")
}
