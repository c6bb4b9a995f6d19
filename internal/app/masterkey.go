package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"skytower/internal/account"
	"skytower/internal/archive"
	"skytower/internal/catalog"
	"skytower/internal/config"
	"skytower/internal/prediction"
	"skytower/internal/reseal"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

const (
	// resealEvery is how often what other keys sealed is looked for: processes that have
	// not been told of a new key yet go on sealing by the one before.
	resealEvery = time.Minute
	// countEvery is how old the numbers of sealed values may be that metrics show.
	countEvery = time.Minute
)

// sealedColumns are all places in the database that hold sealed values. What seals them
// anew, what counts them, and a test that finds places without an entry here read it.
func sealedColumns() []secret.Column {
	return []secret.Column{catalog.SealedColumn(), account.SealedColumn(), prediction.SealedColumn(), archive.SealedColumn()}
}

func (a *App) openMasterKey(ctx context.Context) (err error) {
	if a.ring, err = a.masterKeys(); err != nil {
		return err
	}
	a.warnOfLost(ctx)
	return nil
}

// masterKeys are the configured ones; on SQLite one is made in the data folder.
func (a *App) masterKeys() (*secret.Ring, error) {
	if a.cfg.MasterKey == "" {
		_, created, err := secret.LoadOrCreate(a.cfg.Data)
		if err != nil {
			return nil, fmt.Errorf("load the master key: %w", err)
		}
		if created {
			a.log.Info("made a master key; keep a copy of it apart from backups", "file", a.path(secret.MasterKeyFile))
		}
	}
	return ringOf(a.cfg)
}

// ringOf reads the master keys of a configuration, and makes none.
func ringOf(cfg *config.Config) (*secret.Ring, error) {
	if cfg.MasterKey != "" {
		current, err := secret.NewMasterKey([]byte(cfg.MasterKey.Reveal()))
		if err != nil {
			return nil, err
		}
		old, err := configuredOld(cfg)
		return secret.NewRing(current, old...), err
	}
	current, err := secret.Load(cfg.Data)
	if err != nil {
		return nil, fmt.Errorf("load the master key: %w", err)
	}
	kept, err := secret.LoadOld(cfg.Data)
	if err != nil {
		return nil, fmt.Errorf("load the earlier master keys: %w", err)
	}
	old, err := configuredOld(cfg)
	return secret.NewRing(current, append(kept, old...)...), err
}

func configuredOld(cfg *config.Config) (keys []secret.MasterKey, err error) {
	for _, one := range cfg.Fleet.OldMasterKeys {
		key, err := secret.NewMasterKey([]byte(one.Reveal()))
		if err != nil {
			return nil, fmt.Errorf("read master_key_old: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// sealer is that of one use of the master key.
func (a *App) sealer(use secret.Use) (*secret.Sealer, error) {
	sealer, err := a.ring.Sealer(use)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", use, err)
	}
	return sealer, nil
}

// signer is likewise.
func (a *App) signer(use secret.Use) (*secret.Signer, error) {
	signer, err := a.ring.Signer(use)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", use, err)
	}
	return signer, nil
}

// warnOfLost says at the start what no key opens. The server starts all the same: what
// needs none of it works.
func (a *App) warnOfLost(ctx context.Context) {
	s, err := sealedStatus(ctx, a.db, a.ring)
	if err != nil {
		a.log.Debug("sealed values could not be counted", "error", err)
		return
	}
	if s.Lost > 0 {
		a.log.Warn("sealed values can't be opened: they were sealed by master keys that this server does not have. "+
			"Give it the key as master_key_old, or enter the values anew", "values", s.Lost, "of", s.lostNames(), "keys", s.lostKeys(), "current", s.Current)
	}
}

// sealedState is what the database holds of sealed values, as one process can open it.
type sealedState struct{ skytells.SystemMasterKey }

func sealedStatus(ctx context.Context, db *store.DB, ring *secret.Ring) (sealedState, error) {
	s := sealedState{skytells.SystemMasterKey{Current: ring.Current().ID(), Others: append([]string{}, ring.IDs()[1:]...), Sealed: []skytells.SystemSealed{}}}
	counts, err := reseal.CountAll(ctx, db, sealedColumns())
	if err != nil {
		return s, err
	}
	for _, c := range counts {
		s.Sealed = append(s.Sealed, skytells.SystemSealed{Name: c.Column, Key: c.Key, Values: c.Values, Opens: ring.Knows(c.Key)})
	}
	s.Left, s.Lost = reseal.Left(ring, counts)
	return s, nil
}

func (s *sealedState) lostNames() string {
	return s.lost(func(one skytells.SystemSealed) string { return one.Name })
}

func (s *sealedState) lostKeys() string {
	return s.lost(func(one skytells.SystemSealed) string { return one.Key })
}

func (s *sealedState) lost(of func(skytells.SystemSealed) string) string {
	var words []string
	for _, one := range s.Sealed {
		if word := of(one); !one.Opens && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// makeReseal seals anew what other keys sealed, as long as there are other keys.
func (a *App) makeReseal(context.Context) error {
	if len(a.ring.Old()) == 0 {
		return nil
	}
	service, err := a.newReseal()
	if err != nil {
		return err
	}
	a.jobs.Every("seal anew", resealEvery, func(ctx context.Context) error { return a.reseal(ctx, service) })
	return nil
}

func (a *App) newReseal() (*reseal.Service, error) {
	service, err := reseal.New(reseal.Options{DB: a.db, Ring: a.ring, Columns: sealedColumns(), Log: a.log})
	if err != nil {
		return nil, fmt.Errorf("derive the keys of what is sealed anew: %w", err)
	}
	return service, nil
}

// reseal waits until every process that lives can open what the current key seals: one
// that can't would lose its upstreams.
func (a *App) reseal(ctx context.Context, service *reseal.Service) error {
	behind, err := a.behind(ctx)
	if err != nil {
		return err
	}
	if len(behind) > 0 {
		return errors.New("nothing is sealed anew yet: these processes don't have the current master key, give it to them as master_key_old: " + strings.Join(behind, ", "))
	}
	n, err := service.Sweep(ctx)
	if n > 0 {
		a.log.InfoContext(ctx, "sealed anew by the current master key", "values", n, "key", a.ring.Current().ID())
	}
	return err
}

// behind are the living processes that say that they lack the current key.
func (a *App) behind(ctx context.Context) (hosts []string, err error) {
	if a.db.Dialect() == store.SQLite {
		return nil, nil
	}
	replicas, err := a.db.Replicas(ctx, aliveWithin)
	if err != nil {
		return nil, err
	}
	for _, r := range replicas {
		if len(r.MasterKeys) > 0 && !slices.Contains(r.MasterKeys, a.ring.Current().ID()) {
			hosts = append(hosts, r.Host+" ("+r.ID+")")
		}
	}
	return hosts, nil
}

// sealedCounts are the numbers that metrics show, counted again when they are old.
type sealedCounts struct {
	mu sync.Mutex
	at time.Time
}

// showSealed sets the metrics of sealed values.
func (a *App) showSealed(ctx context.Context) {
	a.sealed.mu.Lock()
	defer a.sealed.mu.Unlock()
	if time.Since(a.sealed.at) < countEvery {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, beatPatience)
	defer cancel()
	s, err := sealedStatus(ctx, a.db, a.ring)
	if err != nil {
		return // the database has metrics of its own
	}
	a.sealed.at = time.Now()
	a.metrics.SealedBefore.Set(float64(s.Left - s.Lost))
	a.metrics.SealedLost.Set(float64(s.Lost))
}
