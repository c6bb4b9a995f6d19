package jobs_test

import (
	"context"
	"testing"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/store"
)

func TestDepths(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.Options{Workers: map[jobs.Queue]int{jobs.Remote: 7}})
		began := time.Now().Add(-time.Second)
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			return j.EnqueueMany(t.Context(), tx, []jobs.Request{
				{Args: task{}, Insert: jobs.Insert{Queue: jobs.Webhooks}},
				{Args: task{}, Insert: jobs.Insert{Queue: jobs.Webhooks}},
				{Args: task{}, Insert: jobs.Insert{Queue: jobs.Webhooks, At: time.Now().Add(time.Hour)}},
				{Args: task{}, Insert: jobs.Insert{Queue: "attic"}},
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		depths, err := j.Depths(t.Context())
		if err != nil || len(depths) != 6 {
			t.Fatalf("%+v, %v", depths, err)
		}
		remote, webhooks, attic := depths[0], depths[3], depths[5]
		if remote.Queue != jobs.Remote || remote.Workers != 7 || remote.Waiting != 0 || !remote.Oldest.IsZero() {
			t.Errorf("remote: %+v", remote)
		}
		if webhooks.Waiting != 2 || webhooks.Later != 1 || webhooks.Running != 0 || webhooks.Oldest.Before(began) || webhooks.Oldest.After(time.Now().Add(time.Second)) {
			t.Errorf("webhooks: %+v", webhooks)
		}
		if attic.Queue != "attic" || attic.Waiting != 1 {
			t.Errorf("attic: %+v", attic)
		}
	})
}

func TestLeaderIsKnown(t *testing.T) {
	t.Parallel()
	jobstest.Each(t, func(t *testing.T, db *store.DB) {
		j := open(t, db, jobs.Options{Workers: all})
		jobs.Register(j, tell(nil))
		leads := make(chan struct{}, 1)
		j.Every("look", time.Hour, func(context.Context) error {
			leads <- struct{}{}
			return nil
		})
		if id := j.ID(); id != "" {
			t.Errorf("before its start it is %q", id)
		}
		if id, err := j.Leader(t.Context()); id != "" || err != nil {
			t.Errorf("before anybody started, %q leads, %v", id, err)
		}
		start(t, j)
		<-leads
		if id, err := j.Leader(t.Context()); id == "" || id != j.ID() || err != nil {
			t.Errorf("%q leads, this is %q, %v", id, j.ID(), err)
		}
	})
}
