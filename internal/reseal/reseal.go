// Package reseal seals every value in the database anew that another master key than the
// current one sealed, and counts what is left, so that an earlier key can be dropped.
//
// It refuses to know what the values mean and which there are: domains describe their
// columns. Its one invariant: a value is replaced only by the same value under the
// current key, and only where it is still the text that was read, so that it may run
// beside writers, beside itself on other processes, and be cut off anywhere.
package reseal

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"skytower/internal/secret"
	"skytower/internal/store"
)

// batch is how many values one transaction seals: a few milliseconds of SQLite's writer.
const batch = 100

// Options are what the room works with.
type Options struct {
	DB      *store.DB
	Ring    *secret.Ring
	Columns []secret.Column
	Log     *slog.Logger
}

// Service seals anew.
type Service struct {
	o       Options
	sealers map[secret.Use]*secret.Sealer
}

// New returns the room.
func New(o Options) (*Service, error) {
	s := &Service{o: o, sealers: map[secret.Use]*secret.Sealer{}}
	for _, c := range o.Columns {
		if s.sealers[c.Use] != nil {
			continue
		}
		sealer, err := o.Ring.Sealer(c.Use)
		if err != nil {
			return nil, err
		}
		s.sealers[c.Use] = sealer
	}
	return s, nil
}

// Sweep seals anew all that the ring's other keys sealed. It returns how many values it
// was. What does not open stays as it is, and is logged.
func (s *Service) Sweep(ctx context.Context) (done int64, err error) {
	if len(s.o.Ring.Old()) == 0 {
		return 0, nil
	}
	for _, c := range s.o.Columns {
		for _, where := range c.Where {
			n, err := s.sweep(ctx, c, where)
			done += n
			if err != nil {
				return done, fmt.Errorf("seal %s anew: %w", c.Name, err)
			}
		}
	}
	return done, nil
}

// sealed is one value as it was read.
type sealed struct{ id, text string }

func (s *Service) sweep(ctx context.Context, c secret.Column, where string) (done int64, err error) {
	for {
		list, err := s.read(ctx, c, where)
		if err != nil {
			return done, err
		}
		n, err := s.replace(ctx, c, list)
		done += n
		if err != nil || n == 0 { // none, or none that opens, or others were faster
			return done, err
		}
	}
}

// read is a batch of what the ring's other keys sealed.
func (s *Service) read(ctx context.Context, c secret.Column, where string) (list []sealed, err error) {
	query := fmt.Sprintf(`select %[1]s, %[2]s from %[3]s where %[2]s <> '' and (%[4]s) and substr(%[2]s, 4, 8) in ('%[5]s') limit %[6]d`,
		c.ID, c.Value, c.Table, where, strings.Join(s.o.Ring.IDs()[1:], "', '"), batch)
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		list = nil
		return tx.Each(ctx, query, func(scan func(...any) error) error {
			var one sealed
			err := scan(&one.id, &one.text)
			list = append(list, one)
			return err
		})
	})
	return list, err
}

// replace seals a batch, each value only where it is what was read.
func (s *Service) replace(ctx context.Context, c secret.Column, list []sealed) (done int64, err error) {
	anew := make(map[sealed]string, len(list))
	for _, one := range list {
		plain, err := s.sealers[c.Use].Open(one.text, c.Context(one.id))
		if err != nil {
			s.o.Log.Warn("a sealed value can't be sealed anew", "of", c.Name, "id", one.id, "error", err)
			continue
		}
		anew[one] = s.sealers[c.Use].Seal(plain, c.Context(one.id))
	}
	if len(anew) == 0 {
		return 0, nil
	}
	query := fmt.Sprintf(`update %[1]s set %[2]s = $1 where %[3]s = $2 and %[2]s = $3`, c.Table, c.Value, c.ID)
	err = s.o.DB.Write(ctx, func(tx *store.Tx) error {
		done = 0
		for one, text := range anew {
			result, err := tx.Exec(ctx, query, text, one.id, one.text)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			done += n
		}
		return nil
	})
	return done, err
}

// Count is how many values of a column one master key sealed.
type Count struct {
	Column string // secret.Column's name
	Key    string // id of the master key; "" where the value is none that we sealed
	Values int64
}

// CountAll counts all sealed values by what sealed them.
func CountAll(ctx context.Context, db *store.DB, columns []secret.Column) (counts []Count, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		counts = nil
		for _, c := range columns {
			list, err := count(ctx, tx, c)
			if err != nil {
				return fmt.Errorf("count %s: %w", c.Name, err)
			}
			counts = append(counts, list...)
		}
		return nil
	})
	return counts, err
}

func count(ctx context.Context, tx *store.Tx, c secret.Column) (list []Count, err error) {
	at := map[string]int{}
	for _, where := range c.Where {
		query := fmt.Sprintf(`select substr(%[1]s, 1, 12) as head, count(*) from %[2]s where %[1]s <> '' and (%[3]s) group by 1 order by 1`, c.Value, c.Table, where)
		err := tx.Each(ctx, query, func(scan func(...any) error) error {
			var head string
			var n int64
			if err := scan(&head, &n); err != nil {
				return err
			}
			id, _ := secret.KeyID(head)
			if i, seen := at[id]; seen {
				list[i].Values += n
				return nil
			}
			at[id] = len(list)
			list = append(list, Count{c.Name, id, n})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Left are the values that another key than the current one sealed, and of those the ones
// that no key of the ring opens.
func Left(ring *secret.Ring, counts []Count) (left, lost int64) {
	for _, c := range counts {
		switch {
		case c.Key == ring.Current().ID():
		case ring.Knows(c.Key):
			left += c.Values
		default:
			left += c.Values
			lost += c.Values
		}
	}
	return left, lost
}
