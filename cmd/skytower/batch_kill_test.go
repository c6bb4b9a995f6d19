package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// TestKillBatch runs a batch by two processes and kills one of them midway: each line has
// one answer and one charge, and the balance is exact.
func TestKillBatch(t *testing.T) {
	t.Parallel()
	f := newFleet(t, buildProgram(t), "postgres", 2, "--workers-batch", "16")
	f.grant(f.account, "10000")
	before := f.balance(f.account)
	n := killRounds(1000, 10_000)
	c := f.customerClient(f.nodes[0])
	b := f.batch(c, n)
	f.await("some lines are done", func() bool {
		now, err := c.Batch(t.Context(), b.ID)
		return err == nil && now.RequestCounts.Completed >= int64(n/10)
	})
	end(f.nodes[1].cmd)
	f.nodes[1].cmd = nil
	for !b.Ended() {
		f.await("the batch goes on", func() bool {
			now, err := c.Batch(t.Context(), b.ID)
			moved := err == nil && (now.Ended() || now.RequestCounts != b.RequestCounts || now.Status != b.Status)
			if moved {
				b = now
			}
			return moved
		})
	}
	if b.Status != "completed" || b.RequestCounts.Completed != int64(n) || b.RequestCounts.Failed != 0 || b.OutputFileID == nil || b.ErrorFileID != nil {
		t.Fatalf("the batch is %+v", b)
	}
	owed, requests := f.answers(c, *b.OutputFileID, n)
	if got := before - f.balance(f.account); got != owed {
		t.Errorf("%d tokens were charged, %d answered", got, owed)
	}
	f.verify()
	f.stop()
	f.chargedOnce(requests)
}

func (f *fleet) customerClient(n *node) *skytells.Client {
	f.t.Helper()
	c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: "http://" + n.address, Key: f.key})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.CloseIdle)
	return c
}

// batch makes one of n lines; line i asks for 1 + i%9 tokens.
func (f *fleet) batch(c *skytells.Client, n int) skytells.Batch {
	f.t.Helper()
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, `{"custom_id":"%d","method":"POST","url":"/v1/chat/completions","body":%s}`+"\n", i, chat(1+i%9))
	}
	file, err := c.UploadFile(f.t.Context(), "in.jsonl", "batch", strings.NewReader(lines.String()), int64(lines.Len()))
	if err != nil {
		f.t.Fatal(err)
	}
	b, err := c.CreateBatch(f.t.Context(), skytells.BatchRequest{InputFileID: file.ID, Endpoint: "/v1/chat/completions", CompletionWindow: "24h"})
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

// answers reads the results: one of each line, with as many tokens as it asked for.
func (f *fleet) answers(c *skytells.Client, id string, n int) (tokens int64, requests map[string]int64) {
	f.t.Helper()
	file, err := c.File(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	var text bytes.Buffer
	if err := c.Download(context.WithoutCancel(f.t.Context()), file.URLs.Get, &text); err != nil {
		f.t.Fatal(err)
	}
	seen, requests := map[string]bool{}, map[string]int64{}
	for line := range strings.Lines(text.String()) {
		var o struct {
			CustomID string `json:"custom_id"`
			Response struct {
				RequestID string `json:"request_id"`
				Body      struct {
					Usage struct {
						Completion int64 `json:"completion_tokens"`
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			f.t.Fatal(err)
		}
		var i int64
		if _, err := fmt.Sscan(o.CustomID, &i); err != nil || seen[o.CustomID] || o.Response.Body.Usage.Completion != 1+i%9 {
			f.t.Errorf("line %s: %v", line, err)
		}
		seen[o.CustomID], requests[o.Response.RequestID] = true, 1+i%9
		tokens += 1 + i%9
	}
	if len(seen) != n || len(requests) != n {
		f.t.Errorf("%d answers of %d requests, want %d", len(seen), len(requests), n)
	}
	return tokens, requests
}

// chargedOnce compares the charges with the answers.
func (f *fleet) chargedOnce(want map[string]int64) {
	f.t.Helper()
	db := storetest.OpenWith(f.t, f.database, store.Options{})
	got := map[string]int64{}
	err := db.Read(f.t.Context(), func(tx *store.Tx) error {
		return tx.Each(f.t.Context(), `select request, amount from charge_line`, func(scan func(...any) error) error {
			var id string
			var amount money.Nanos
			err := scan(&id, &amount)
			got[id] = int64(amount / token)
			return err
		})
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if len(got) != len(want) {
		f.t.Errorf("%d charges, %d answers", len(got), len(want))
	}
	for id, tokens := range want {
		if got[id] != tokens {
			f.t.Errorf("request %s answered %d tokens and was charged %d", id, tokens, got[id])
		}
	}
}
