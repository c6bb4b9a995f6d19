package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/egress"
	"skytower/internal/limit"
	"skytower/internal/provider"
	"skytower/internal/provider/local"
	"skytower/internal/rawjson"
	"skytower/internal/secret"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30

	// scarce and low are how much a disk should have left.
	scarce = 256 * mib
	low    = 2 * gib
	// checkedWhole is how large a database's file may be to be read as a whole.
	checkedWhole = 1 * gib
	// maxSkew is how far clocks may be apart: leases and links are by the clock.
	maxSkew = 5 * time.Second
)

func (d *doctor) lookConfiguration(context.Context) finding {
	c := d.cfg
	if len(c.Warnings) > 0 {
		return warned("Rename the variables, or remove them.", "It loads, with a warning: %s.", strings.Join(c.Warnings, "; "))
	}
	if d.commandErr != nil {
		return failed("Mend the commands in the process file.", "%s.", d.commandErr)
	}
	public := c.PublicURL
	switch {
	case public == nil:
		return fine("It loads. This server is for this machine alone: it listens on %s, and public_url is not set.", c.Listen)
	case public.Scheme == "http" && !isLocalHost(public.Hostname()):
		return warned("Put a reverse proxy with TLS in front, and begin public_url with https://.",
			"public_url is %s: keys and sessions travel readable over plain http.", public)
	case public.Scheme == "https" && len(c.TrustedProxies) == 0:
		return warned("Set trusted_proxies to the address of the proxy.",
			"public_url is %s, so a proxy with TLS stands in front; but trusted_proxies is empty, so all calls seem to come from the proxy, and rules about addresses meet everybody at once.", public)
	}
	return fine("It loads. Clients come by %s.", public)
}

func isLocalHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// lookSecretFiles looks at who may read what is secret.
func (d *doctor) lookSecretFiles(context.Context) finding {
	var open []string
	for path, strict := range d.secretFiles() {
		info, err := os.Stat(path)
		if err != nil {
			continue // whoever needs it says so
		}
		mode := info.Mode().Perm()
		if mode&0o002 != 0 || strict && mode&0o077 != 0 {
			open = append(open, fmt.Sprintf("%s (mode %04o)", path, mode))
		}
	}
	if len(open) > 0 {
		return warned("Run chmod go-rwx on them; where others could read a key, make a new one.",
			"Other users of this machine can reach %s.", strings.Join(open, ", "))
	}
	return fine("Nobody else on this machine can read them.")
}

// secretFiles are the files that hold secrets. Those in the data folder are ours alone;
// container hosts mount others readable for everybody in the container.
func (d *doctor) secretFiles() map[string]bool {
	files := map[string]bool{d.path(secret.MasterKeyFile): true, d.path(secret.OldMasterKeyFile): true, d.path(operatorKeyFile): true}
	if file, ok := strings.CutPrefix(d.cfg.Database.Reveal(), "sqlite:"); ok {
		files[file] = true
	}
	if d.cfg.MasterKeyFile != "" {
		files[d.cfg.MasterKeyFile] = false
	}
	for _, s := range d.cfg.Shown() {
		if s.Secret && strings.HasSuffix(s.Origin.Name, "_FILE") {
			files[os.Getenv(s.Origin.Name)] = false
		}
	}
	delete(files, "")
	return files
}

func (d *doctor) lookDatabase(ctx context.Context) finding {
	if d.fresh {
		return fine("There is none yet; the first start makes it at %s.", d.cfg.Database)
	}
	if d.dbErr != nil {
		return failed(d.databaseAdvice(), "It cannot be opened: %s.", d.dbErr)
	}
	f, err := d.db.Facts(ctx)
	if err != nil {
		return failed(d.databaseAdvice(), "It does not answer: %s.", err)
	}
	name := "SQLite"
	if d.cfg.Database.Engine() == "postgres" {
		name = "PostgreSQL"
	}
	const slow = 100 * time.Millisecond
	if f.Ping > slow {
		return warned("Bring the server and its database closer together, or look what keeps the database busy.",
			"%s %s answers a small question only after %s.", name, f.Version, f.Ping.Round(time.Millisecond))
	}
	return fine("%s %s, %s, answers in %s.", name, f.Version, sizeText(f.Bytes), f.Ping.Round(10*time.Microsecond))
}

func (d *doctor) databaseAdvice() string {
	if d.cfg.Database.Engine() == "sqlite" {
		return "See that the file and its folder belong to the user who runs Skytower, and that 'database' and 'data' name the right place."
	}
	return "See that PostgreSQL runs and can be reached from here, and that user, password and database name in 'database' are right."
}

func (d *doctor) lookSchema(ctx context.Context) finding {
	if d.db == nil {
		return d.unknown()
	}
	f, err := d.db.Facts(ctx)
	switch {
	case err != nil:
		return d.unknown()
	case f.Schema == 0:
		return fine("It is empty; the first start makes the tables.")
	case f.Schema < f.Newest:
		return warned("Make a backup; then 'skytower migrate', or the next start of this version, brings it up to date.",
			"It is at %d, and this version brings migrations up to %d.", f.Schema, f.Newest)
	case f.Schema > f.Newest:
		return warned("Use the newer version for all processes before long.",
			"It is at %d, made by a newer version; this one knows up to %d.", f.Schema, f.Newest)
	case d.listErr != nil:
		return failed("Look at the server's log; where a table is damaged, restore a backup.", "The catalogue cannot be read: %s.", d.listErr)
	}
	return fine("It is at %d, the newest.", f.Schema)
}

// unknown is what can't be told without the database, which has a check of its own.
func (d *doctor) unknown() finding {
	if d.fresh {
		return fine("There is no database yet.")
	}
	return warned("Mend the database first.", "It is not known, since the database cannot be asked.")
}

func (d *doctor) lookDisk(context.Context) finding {
	folder := nearest(d.cfg.Data)
	free, ok := freeBytes(folder)
	switch {
	case !ok:
		return warned("See that the data folder exists and may be entered.", "How much is free at %s cannot be told.", d.cfg.Data)
	case free < scarce:
		return failed("Make room, or move the data folder: without room no charge can be written, and calls that cost are refused.", "Only %s are free at %s.", sizeText(free), folder)
	case free < low:
		return warned("Make room, or move the data folder.", "Only %s are free at %s.", sizeText(free), folder)
	}
	return fine("%s are free at %s.", sizeText(free), folder)
}

// nearest is the folder, or the first one above it that exists.
func nearest(folder string) string {
	path, err := filepath.Abs(folder)
	if err != nil {
		return folder
	}
	for path != filepath.Dir(path) {
		if _, err := os.Stat(path); err == nil {
			break
		}
		path = filepath.Dir(path)
	}
	return path
}

// freeBytes is what a user who is not root may still write.
func freeBytes(folder string) (int64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:gosec,unconvert // types differ between systems; no disk is that large
}

func sizeText(n int64) string {
	switch {
	case n >= gib:
		return fmt.Sprintf("%.1f GiB", float64(n)/gib)
	case n >= mib:
		return fmt.Sprintf("%.1f MiB", float64(n)/mib)
	}
	return fmt.Sprintf("%d KiB", n/kib)
}

func (d *doctor) lookFile(ctx context.Context) finding {
	if d.db == nil {
		return d.unknown()
	}
	f, err := d.db.Facts(ctx)
	if err != nil {
		return d.unknown()
	}
	if f.Bytes > checkedWhole {
		return fine("It has %s, so it is not read as a whole here; 'pragma quick_check' on a backup does it.", sizeText(f.Bytes))
	}
	faults, err := d.db.QuickCheck(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return warned("Run 'pragma quick_check' on a backup, at a quiet time.", "Reading it as a whole took longer than %s.", checkPatience)
	case err != nil:
		return failed("Restore the latest backup.", "It cannot be read as a whole: %s.", err)
	case len(faults) > 0:
		return failed("Stop the server, keep a copy of the file, and restore the latest backup.", "It is damaged: %s.", strings.Join(faults, "; "))
	}
	return fine("It is whole.")
}

func (d *doctor) lookMasterKey(ctx context.Context) finding {
	const missing = "Put the master key back: master.key in the data folder, or SKYTOWER_MASTER_KEY; an earlier one as master_key_old. Without it, the credentials of providers and the secrets of webhooks must be entered anew."
	if d.keyErr != nil && !errors.Is(d.keyErr, fs.ErrNotExist) {
		return failed("Mend what the message names.", "%s.", d.keyErr)
	}
	if d.db == nil {
		if d.keyErr != nil {
			return fine("There is none yet; the first start makes it at %s.", d.path(secret.MasterKeyFile))
		}
		return fine("It can be read (%s).", d.ring.Current().ID())
	}
	var sealer *secret.Sealer
	if d.keyErr == nil {
		var err error
		if sealer, err = d.sealer(secret.ProviderCredentials); err != nil {
			return failed(missing, "%s.", err)
		}
	}
	n, problems, err := catalog.CheckSealed(ctx, d.db, sealer)
	switch {
	case err != nil && d.keyErr == nil:
		return warned("Mend the database first.", "It can be read (%s); whether it opens what is sealed is not known: %s.", d.ring.Current().ID(), err)
	case err != nil || d.keyErr != nil && n == 0:
		return warned("Was it here before? Then put it back. Else the next start makes a new one.", "There is none at %s.", d.path(secret.MasterKeyFile))
	case len(problems) > 0:
		return failed(missing, "%d of %d sealed credentials do not open: %s.", len(problems), n, strings.Join(problems, ", "))
	}
	return d.lookSealed(ctx, missing, n)
}

// lookSealed looks at the sealed values besides credentials, and at what an earlier key
// is still needed for.
func (d *doctor) lookSealed(ctx context.Context, missing string, credentials int) finding {
	s, err := sealedStatus(ctx, d.db, d.ring)
	switch {
	case err != nil: // such as a database of before the first start of this version
		return fine("It opens all %d sealed credentials (%s).", credentials, d.ring.Current().ID())
	case s.Lost > 0:
		return failed(missing, "%d sealed values (%s) need a master key that is not here: %s.", s.Lost, s.lostNames(), s.lostKeys())
	case s.Left > 0:
		return warned("Wait: the server that leads seals them anew within minutes. Keep the earlier key until then.",
			"%d values are still sealed by an earlier master key; the current one is %s.", s.Left, s.Current)
	case len(s.Others) > 0:
		return fine("It opens all %d sealed credentials (%s). No value in the database needs the other keys any more (%s): drop them once links of files made before may end.",
			credentials, s.Current, strings.Join(s.Others, ", "))
	}
	return fine("It opens all %d sealed credentials (%s).", credentials, s.Current)
}

func (d *doctor) lookRedis(ctx context.Context) finding {
	const advice = "See that Redis runs and can be reached from here, and that user and password in 'redis' are right. Until then each process counts its part of the limits by itself."
	type answer struct {
		pong limit.Pong
		err  error
	}
	told := make(chan answer, 1)
	go func() { // connecting has patience of its own, which is short
		pong, err := limit.Ping(ctx, d.cfg.Money.Redis.Reveal())
		told <- answer{pong, err}
	}()
	select {
	case <-ctx.Done():
		return failed(advice, "It does not answer.")
	case a := <-told:
		p := a.pong
		switch {
		case a.err != nil:
			return failed(advice, "It does not answer: %s.", a.err)
		case p.Evicts != "" && p.Evicts != "noeviction":
			return warned("Set maxmemory-policy noeviction for this Redis.", "%s throws keys away when its memory is full (%s): limits would be forgotten.", redisName(p.Version), p.Evicts)
		case !p.Now.IsZero() && p.Now.Sub(p.Asked).Abs() > maxSkew:
			return warned("Let both machines keep time by NTP.", "Its clock differs from ours by %s.", p.Now.Sub(p.Asked).Round(time.Second))
		}
		return fine("%s answers in %s.", redisName(p.Version), p.Took.Round(10*time.Microsecond))
	}
}

func redisName(version string) string {
	if strings.HasPrefix(version, "Valkey") {
		return version
	}
	return strings.TrimSpace("Redis " + version)
}

func (d *doctor) lookStorage(ctx context.Context) finding {
	address := d.cfg.Predictions.Blob
	kind, place := blob.Place(address)
	err := blob.Probe(ctx, address)
	switch {
	case errors.Is(err, fs.ErrNotExist) && kind == "file" && !d.live:
		return fine("The folder %s does not exist yet; the first start makes it.", place)
	case err != nil && kind == "file":
		return failed("See that the folder exists, has room, and belongs to the user who runs Skytower.", "Files cannot be kept in %s: %s.", place, err)
	case err != nil:
		return failed("See that the bucket exists, that its region and endpoint in 'blob' are right, and that the key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY may write, read and delete.",
			"Files cannot be kept in the bucket %s: %s.", place, cutText(err.Error()))
	case kind == "file":
		return fine("A small object was written to %s, read and deleted.", place)
	}
	return fine("A small object was written to the bucket %s, read and deleted.", place)
}

// lookClock compares our clock with that of the database, and with that of hosts that
// are set up anyway.
func (d *doctor) lookClock(ctx context.Context) finding {
	const advice = "Let all machines keep time by NTP: leases, links and the expiry of keys go by the clock."
	var with []string
	if d.db != nil {
		if f, err := d.db.Facts(ctx); err == nil && !f.Now.IsZero() {
			if skew := f.Now.Sub(f.Asked); skew.Abs() > maxSkew {
				return warned(advice, "The database's clock differs from ours by %s.", skew.Round(time.Second))
			}
			with = append(with, "the database's")
		}
	}
	for _, host := range d.clockHosts() {
		skew, ok := d.clockOf(ctx, host)
		if !ok {
			continue
		}
		if skew.Abs() > maxSkew {
			return warned(advice, "The clock of %s differs from ours by %s.", host.Host, skew.Round(time.Second))
		}
		with = append(with, "that of "+host.Host)
	}
	if len(with) == 0 {
		return fine("There is nothing to compare it with: the database is on this machine, and no host with https answers.")
	}
	return fine("It agrees with %s.", strings.Join(with, " and "))
}

// clockHosts are at most three hosts that are set up, and whose answers nobody changes on
// the way.
func (d *doctor) clockHosts() []*url.URL {
	const most = 3
	var hosts []*url.URL
	add := func(address string) {
		u, err := url.Parse(address)
		if err == nil && u.Scheme == "https" && len(hosts) < most {
			hosts = append(hosts, &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"})
		}
	}
	if u, err := url.Parse(d.cfg.Predictions.Blob); err == nil && u.Scheme == "s3" {
		endpoint := u.Query().Get("endpoint")
		if region := u.Query().Get("region"); endpoint == "" && region != "" {
			endpoint = "https://s3." + region + ".amazonaws.com"
		}
		add(endpoint)
	}
	if d.catalog != nil {
		for _, p := range d.catalog.Snapshot().Providers() {
			add(p.BaseURL)
		}
	}
	return hosts
}

// clockOf asks a host for nothing, without a credential, and reads the date of its answer.
func (d *doctor) clockOf(ctx context.Context, host *url.URL) (skew time.Duration, ok bool) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	reply, err := d.visit(ctx, http.MethodHead, host)
	if err != nil {
		return 0, false
	}
	took := time.Since(began)
	at, err := http.ParseTime(reply.Header.Get("Date"))
	if err != nil {
		return 0, false
	}
	// The date is cut to whole seconds.
	return at.Add(500 * time.Millisecond).Sub(began.Add(took / 2)), true
}

// visit calls an address of the configuration, once, without a credential, and leaves the
// body alone.
func (d *doctor) visit(ctx context.Context, method string, u *url.URL) (*http.Response, error) {
	policy := egress.Operator(egress.Rules{DialTimeout: d.cfg.DialTimeout, Log: d.log})
	transport := &http.Transport{DialContext: policy.DialContext, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, TLSHandshakeTimeout: d.cfg.DialTimeout}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "skytower-doctor")
	reply, err := transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	return reply, reply.Body.Close()
}

func (d *doctor) lookSpool(context.Context) finding {
	batches, bytes := d.spooled()
	if batches == 0 {
		return fine("No charge waits on this disk for the database.")
	}
	return warned("They are written when the database is back. Where it is, look at the server's log; do not delete the folder: it is money.",
		"Charges wait for the database in %s (%s in %d files).", d.path("spool"), sizeText(max(bytes, kib)), batches)
}

// spooled counts the files of the spool that are not empty, and their bytes.
func (a *App) spooled() (files, bytes int64) {
	entries, err := os.ReadDir(a.path("spool"))
	if err != nil {
		return 0, 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
			files++
			bytes += info.Size()
		}
	}
	return files, bytes
}

func (d *doctor) lookFeed(context.Context) finding {
	late := time.Since(d.feed.Confirmed())
	const slow = 5 * time.Second
	switch {
	case late > staleAfter:
		return failed("Look at the server's log and at the database.", "Changes have not been confirmed for %s: keys are no longer trusted.", late.Round(time.Second))
	case late > slow:
		return warned("Look what keeps the database busy.", "Changes were last confirmed %s ago.", late.Round(time.Second))
	}
	return fine("Changes of keys and models reach this process at once.")
}

// lookPublicURL finds out whether the public address leads to a Skytower. From within,
// some networks do not let a server reach its own outside.
func (d *doctor) lookPublicURL(ctx context.Context) finding {
	const advice = "See that the proxy in front passes on all paths, and that public_url is the address that clients use. Where this machine may not reach its own public address, ignore this."
	u := d.cfg.PublicURL.JoinPath("v1", "models")
	reply, err := d.visit(ctx, http.MethodGet, u)
	switch {
	case err != nil:
		return warned(advice, "%s does not answer from here: %s.", d.cfg.PublicURL, err)
	case reply.Header.Get("X-Request-Id") == "" || reply.StatusCode != http.StatusUnauthorized:
		return warned(advice, "What answers at %s is not this server: a call without a key got status %d.", u, reply.StatusCode)
	}
	return fine("%s leads here.", d.cfg.PublicURL)
}

func (d *doctor) lookCommands(context.Context) finding {
	if d.commandErr != nil {
		return failed("Mend the commands in the process file.", "%s.", d.commandErr)
	}
	_, err := d.reach(context.Background(), commandProvider, nil)
	if err != nil {
		return failed("Install the programs, or mend their paths in the process file.", "%s.", err)
	}
	return fine("The programs of all %d commands are there.", len(d.cfg.Commands))
}

// lookBuiltin asks the built-in model for the manual.
func (d *doctor) lookBuiltin(ctx context.Context) finding {
	const advice = "This is a fault of the program: install it again."
	if d.adapters == nil {
		return failed(advice, "%s.", d.listErr)
	}
	adapter, err := d.adapters.Adapter(catalog.LocalProvider)
	if err != nil {
		return failed(advice, "%s.", err)
	}
	chatter, ok := adapter.(provider.Chatter)
	if !ok {
		return failed(advice, "They do not chat.")
	}
	body, err := rawjson.Scan([]byte(`{"model":"`+local.Docs+`","messages":[{"role":"user","content":"How do I add a model?"}]}`), rawjson.NewFields("model", "messages"))
	if err != nil {
		return failed(advice, "%s.", err)
	}
	if _, err := chatter.Chat(ctx, &provider.Call{Body: body, Model: local.Docs, Show: local.Docs, RequestID: "doctor"}); err != nil {
		return failed(advice, "%s.", err)
	}
	return fine("They answer.")
}

func (d *doctor) lookProvider(ctx context.Context, p catalog.Provider, models []string) finding {
	began := time.Now()
	r, err := d.reach(ctx, p.Name, models)
	took := time.Since(began).Round(time.Millisecond)
	if err == nil {
		if missing := missingModels(r.models, models); len(missing) > 0 {
			return warned("Where the upstream knows them all the same, ignore this; else mend the targets.",
				"It answers in %s (%s), and does not list %s, which targets name.", took, r.text, strings.Join(missing, ", "))
		}
		return fine("It answers in %s: %s.", took, r.text)
	}
	f := explainFailure(err, p)
	switch {
	case f.status == http.StatusNotFound && r.did == "list":
		return warned("Try a target of it: some servers have no list of models.", "It answers, and has no list of models at %s/models.", p.BaseURL)
	case f.class == provider.Busy.String():
		return warned(f.advice, "%s", f.message)
	}
	return failed(f.advice, "%s", f.message)
}

// missingModels are those of the wanted names that a list does not have; at most three,
// and none where the list is empty.
func missingModels(listed []provider.Listed, wanted []string) []string {
	const most = 3
	if len(listed) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, l := range listed {
		known[l.Name] = true
	}
	var missing []string
	for _, name := range wanted {
		if !known[name] && len(missing) < most {
			missing = append(missing, name)
			known[name] = true
		}
	}
	return missing
}
