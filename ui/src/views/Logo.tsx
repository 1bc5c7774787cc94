export function Logo() {
  return (
    <span className="logo">
      <img src="/vesta.svg" alt="" width="22" height="22" />
      <span>Vesta</span>
    </span>
  );
}
