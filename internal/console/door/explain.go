package door

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"skytower/internal/console/desk"
	"skytower/internal/fault"
)

// told is an error in words.
type told struct {
	text, field string
	status      int
}

// explain puts an error that was meant for people into words; false for others.
func explain(d *desk.Desk, err error) (told, bool) {
	var no *fault.Error
	if !errors.As(err, &no) || no.HTTPStatus() >= http.StatusInternalServerError {
		return told{}, false
	}
	t := told{text: strings.TrimSpace(no.Message + " " + no.Details), status: no.HTTPStatus()}
	if no.RetryAfter > 0 {
		wait := max(time.Second, no.RetryAfter.Round(time.Second))
		d.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())))
		t.text = no.Message + " Wait " + spell(wait) + ", then try again."
	}
	switch no.Param {
	case "name", "email", "password":
		t.field = no.Param
	}
	return t, true
}

// spell writes a wait for people.
func spell(d time.Duration) string {
	if d < 2*time.Minute {
		if d == time.Second {
			return "a second"
		}
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	}
	return fmt.Sprintf("%d minutes", int((d + time.Minute - 1).Minutes()))
}
